/** Tells which space a request is for, without opening any: by its path, its write key, or its token. */
import type { IncomingMessage } from 'node:http'
import { basicUser, digestOf, tokenOf } from '../http/access.ts'
import { CALL_PATHS, pathOf } from '../ingest/calls.ts'
import { decoded, PROFILE_API, TOKENS_SPACE } from './dispatch.ts'

/** Finds spaces by SHA-256, in hex, of what opens them. */
export interface SpaceKeys {
  spaceOfWriteKey(digest: string): string | undefined
  spaceOfToken(digest: string): string | undefined
  /** True for a space that there is. */
  has(spaceId: string): boolean
}

/** The space that a request is for, as far as can be told from outside. */
export type Aim =
  | {
      readonly kind: 'space'
      readonly spaceId: string
      /** True if nobody is known to have its write key, or its id: that may just have been made. */
      readonly isGuess?: boolean
    }
  /** The write key, or the token, is in the body. */
  | { readonly kind: 'body'; readonly field: 'writeKey' | 'token' }
  /** Every node answers it alike. */
  | { readonly kind: 'any node' }

const ANY_NODE: Aim = { kind: 'any node' }
const BY_KEY_IN_BODY: Aim = { kind: 'body', field: 'writeKey' }
const BY_TOKEN_IN_BODY: Aim = { kind: 'body', field: 'token' }
const CONTROL_API = /^\/spaces\/([^/]+)(\/.)?/
/** Every node answers an installation's token; that of a space is known where the space is. */
const TOKENS_VIEW = /^\/(?:spaces|app\/session)\/?$/
const KEY_IN_PATH = /^\/(?:v1\/projects|analytics\.js\/v1)\/([^/]+)\//
const CALLS: ReadonlySet<string> = new Set(CALL_PATHS.flatMap((path) => [path, `${path}/`]))

/** @param firstId the space of what names none */
export function aimOf({ method, url = '', headers }: IncomingMessage, keys: SpaceKeys, firstId: string): Aim {
  const path = pathOf(url)
  const { authorization } = headers
  if (CALLS.has(path)) {
    // Asked by browsers before they post: that needs no space.
    if (method !== 'POST') return ANY_NODE
    const key = basicUser(authorization)
    return key === undefined ? BY_KEY_IN_BODY : spaceOfKey(key, keys, firstId)
  }
  if (path.startsWith('/v1/pixel/')) return spaceOfKey(basicUser(authorization) ?? keyOfPixel(url), keys, firstId)
  const inPath = KEY_IN_PATH.exec(path)
  if (inPath) return spaceOfKey(inPath[1], keys, firstId)
  const isRead = method === 'GET' || method === 'HEAD'
  if (TOKENS_VIEW.test(path)) {
    if (isRead) return spaceOfToken(tokenOf(authorization), keys)
    return method === 'POST' && path.startsWith('/app/') ? BY_TOKEN_IN_BODY : ANY_NODE
  }
  const control = CONTROL_API.exec(path)
  // A space as a whole is known to every node; its end is for the one that has it.
  if (control && !control[2])
    return method === 'DELETE'
      ? spaceOfId(control[1]!, keys, firstId)
      : spaceOfToken(isRead ? tokenOf(authorization) : undefined, keys)
  const named = control ?? PROFILE_API.exec(path)
  if (!named && !TOKENS_SPACE.test(path)) return ANY_NODE
  const ofToken = spaceOfToken(tokenOf(authorization), keys)
  return ofToken.kind === 'space' ? ofToken : spaceOfId(named?.[1] ?? '', keys, firstId)
}

/** Returns the space of a write key. One that nobody knows is refused by the first space, as is a call without one. */
export function spaceOfKey(key: string | undefined, keys: SpaceKeys, firstId: string): Aim {
  if (key === undefined) return { kind: 'space', spaceId: firstId }
  const spaceId = keys.spaceOfWriteKey(digestOf(key))
  return spaceId === undefined ? { kind: 'space', spaceId: firstId, isGuess: true } : { kind: 'space', spaceId }
}

/** Returns the space of a token; any node will do for one that opens none, or all. */
export function spaceOfToken(token: string | undefined, keys: SpaceKeys): Aim {
  const spaceId = token === undefined ? undefined : keys.spaceOfToken(digestOf(token))
  return spaceId === undefined ? ANY_NODE : { kind: 'space', spaceId }
}

/** Returns the space of an id; '' stands for the first. One that nobody knows is refused by the first space. */
function spaceOfId(id: string, keys: SpaceKeys, firstId: string): Aim {
  if (id === '') return { kind: 'space', spaceId: firstId }
  const spaceId = decoded(id)
  return keys.has(spaceId) ? { kind: 'space', spaceId } : { kind: 'space', spaceId: firstId, isGuess: true }
}

/** The query of a pixel holds a call, packed in Base64. */
function keyOfPixel(url: string): string | undefined {
  const data = new URLSearchParams(url.slice(url.indexOf('?'))).get('data')
  try {
    const { writeKey } = JSON.parse(Buffer.from(data ?? '', 'base64').toString()) as { writeKey?: unknown }
    return typeof writeKey === 'string' ? writeKey : undefined
  } catch {
    return undefined
  }
}
