/**
 * Credentials: write keys ingest, access tokens read and control. Neither opens what the other does.
 * Credentials are compared by their SHA-256, so that the time a comparison takes tells nothing about them.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

export interface CredentialsOptions {
  readonly spaceId: string
  readonly accessToken: string
  /** Write key → id of its source. */
  readonly sources: ReadonlyMap<string, string>
  /** Returns true if a token with this SHA-256, in hex, was made while the server ran. */
  readonly isToken: (digest: string) => boolean
}

export class Credentials {
  readonly #spaceId: string
  readonly #accessToken: Buffer
  readonly #isToken: (digest: string) => boolean
  /** By digest of the write key. */
  readonly #sources: ReadonlyMap<string, string>

  constructor({ spaceId, accessToken, sources, isToken }: CredentialsOptions) {
    this.#isToken = isToken
    this.#spaceId = spaceId
    this.#accessToken = digest(accessToken)
    this.#sources = new Map([...sources].map(([key, sourceId]) => [digest(key).toString('hex'), sourceId]))
  }

  /** The source of a write key: from Basic authorization, with or without a colon after it, or else from the body. */
  sourceOf(authorization: string | undefined, bodyKey: unknown): string | undefined {
    const key = basicUser(authorization) ?? bodyKey
    return typeof key === 'string' ? this.#sources.get(digest(key).toString('hex')) : undefined
  }

  /** The space of an access token that is the username of Basic authorization. */
  spaceOfBasic(authorization: string | undefined): string | undefined {
    return this.#spaceOf(basicUser(authorization))
  }

  /** The space of an access token that is borne. */
  spaceOfBearer(authorization: string | undefined): string | undefined {
    return this.#spaceOf(borneToken(authorization))
  }

  /** The space of an access token that comes in either way. */
  spaceOfAny(authorization: string | undefined): string | undefined {
    return this.#spaceOf(tokenOf(authorization))
  }

  #spaceOf(token: string | undefined): string | undefined {
    if (token === undefined) return undefined
    const digested = digest(token)
    const isKnown = timingSafeEqual(digested, this.#accessToken) || this.#isToken(digested.toString('hex'))
    return isKnown ? this.#spaceId : undefined
  }
}

/** Returns a text that stands for the token of a request, whichever way it comes, and does not show it. */
export function tokenName(authorization: string | undefined): string {
  return digest(tokenOf(authorization) ?? '').toString('hex')
}

function tokenOf(authorization: string | undefined): string | undefined {
  return basicUser(authorization) ?? borneToken(authorization)
}

function borneToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

function basicUser(authorization: string | undefined): string | undefined {
  const encoded = /^basic +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? text : text.slice(0, colon)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
