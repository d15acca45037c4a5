/**
 * Access tokens of all spaces, and what each may do. An installation token reaches every space as an admin; a space's
 * own tokens have their roles in it alone. Tokens are compared by their SHA-256, so that the time a comparison takes
 * tells nothing about them; that of a token in use is computed once.
 */
import { createHash } from 'node:crypto'
import { ROLES, type Role, type SpaceToken } from '../model/role.ts'

/** A space that tokens open. */
export interface OpenedSpace {
  readonly id: string
  /** Finds a token by its SHA-256, in hex. */
  readonly tokenOf: (digest: string) => SpaceToken | undefined
}

/** The rights of a token. */
export interface Grant {
  readonly tokenId: string
  readonly role: Role
  /** The space that it opens; undefined: all. */
  readonly spaceId: string | undefined
}

export interface AccessOptions {
  /** Installation tokens, with the id by which the audit log names each. */
  readonly installation: ReadonlyMap<string, string>
  /** The token that the environment gives for a space, if that is not an installation's. */
  readonly given: { readonly token: string; readonly spaceId: string } | undefined
  readonly spaces: () => Iterable<OpenedSpace>
}

/** Tokens whose digests are kept; the one kept longest gives way. */
const DIGESTS_MAX = 1_000

export class Access {
  readonly #options: AccessOptions
  /** By digest, the id of an installation token. */
  readonly #installation: ReadonlyMap<string, string>
  readonly #given: string | undefined
  /** Digests of tokens that somebody was given when they were last seen. */
  readonly #digests = new Map<string, string>()

  constructor(options: AccessOptions) {
    this.#options = options
    this.#installation = new Map(Array.from(options.installation, ([token, id]) => [digestOf(token), id]))
    this.#given = options.given && digestOf(options.given.token)
  }

  /** Returns the rights of a token; undefined if nobody was given it. */
  grantOf(token: string | undefined): Grant | undefined {
    if (token === undefined) return undefined
    const known = this.#digests.get(token)
    const digest = known ?? digestOf(token)
    const grant = this.#grantBy(digest)
    if (grant && known === undefined) this.#remember(token, digest)
    // It is nobody's any more.
    if (!grant) this.#digests.delete(token)
    return grant
  }

  #remember(token: string, digest: string): void {
    if (this.#digests.size >= DIGESTS_MAX) this.#digests.delete(this.#digests.keys().next().value!)
    this.#digests.set(token, digest)
  }

  #grantBy(digest: string): Grant | undefined {
    const installed = this.#installation.get(digest)
    if (installed !== undefined) return { tokenId: installed, role: 'admin', spaceId: undefined }
    if (digest === this.#given) return { tokenId: 'environment', role: 'admin', spaceId: this.#options.given!.spaceId }
    for (const space of this.#options.spaces()) {
      const found = space.tokenOf(digest)
      if (found) return { tokenId: found.id, role: found.role, spaceId: space.id }
    }
    return undefined
  }

  /** Tells if a token opens a space. */
  opens(token: string | undefined, spaceId: string): boolean {
    const grant = this.grantOf(token)
    return grant !== undefined && (grant.spaceId === undefined || grant.spaceId === spaceId)
  }
}

/** True if a role may do what another may. */
export function mayActAs(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(needed)
}

/** Returns a text that stands for the token of a request, whichever way it comes, and does not show it. */
export function tokenName(authorization: string | undefined): string {
  return digestOf(tokenOf(authorization) ?? '')
}

/** Returns the token of a request, whichever way it comes. */
export function tokenOf(authorization: string | undefined): string | undefined {
  return basicUser(authorization) ?? borneToken(authorization)
}

export function borneToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

/** Returns the user name of Basic authorization: a token, or a write key. */
export function basicUser(authorization: string | undefined): string | undefined {
  const encoded = /^basic +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? text : text.slice(0, colon)
}

export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
