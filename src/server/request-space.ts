/** Tells which space a request is for, without opening any: by its path, its write key, or its token. */
import type { IncomingMessage } from 'node:http'
import { basicUser, digestOf, tokenOf } from '../http/access.ts'
import { CALL_PATHS } from '../ingest/calls.ts'

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
      /** True if nobody is known to have its write key: it may just have been made. */
      readonly isGuess?: boolean
    }
  /** The write key is in the body. */
  | { readonly kind: 'body' }
  /** Every node answers it alike. */
  | { readonly kind: 'any node' }

const ANY_NODE: Aim = { kind: 'any node' }
const BY_BODY: Aim = { kind: 'body' }
const PROFILE_API = /^\/v1\/(?:spaces|namespaces)\/([^/]*)\//
const CONTROL_API = /^\/spaces\/([^/]+)(\/.)?/
const TOKENS_SPACE = /^\/(?:regulations|suppressions|queues)(?:\/|$)/
const KEY_IN_PATH = /^\/(?:v1\/projects|analytics\.js\/v1)\/([^/]+)\//
const CALLS: ReadonlySet<string> = new Set(CALL_PATHS.flatMap((path) => [path, `${path}/`]))

/** @param firstId the space of what names none */
export function aimOf({ method, url = '', headers }: IncomingMessage, keys: SpaceKeys, firstId: string): Aim {
  const path = pathOf(url)
  const { authorization } = headers
  if (CALLS.has(path) || path.startsWith('/v1/pixel/')) {
    const key = basicUser(authorization)
    // A pixel has its key in the query.
    if (key === undefined) return method === 'POST' ? BY_BODY : spaceOfKey(keyOfPixel(url), keys, firstId)
    return spaceOfKey(key, keys, firstId)
  }
  const inPath = KEY_IN_PATH.exec(path)
  if (inPath) return spaceOfKey(inPath[1], keys, firstId)
  const control = CONTROL_API.exec(path)
  // A space as a whole is known to every node; its end is for the one that has it.
  if (control && !control[2]) return method === 'DELETE' ? { kind: 'space', spaceId: control[1]! } : ANY_NODE
  const named = control ?? PROFILE_API.exec(path)
  if (!named && !TOKENS_SPACE.test(path)) return ANY_NODE
  const token = tokenOf(authorization)
  const ofToken = token === undefined ? undefined : keys.spaceOfToken(digestOf(token))
  if (ofToken !== undefined) return { kind: 'space', spaceId: ofToken }
  const id = named?.[1] ?? ''
  return { kind: 'space', spaceId: keys.has(id) ? id : firstId }
}

/** Returns the space of a write key. One that nobody knows is refused by the first space. */
export function spaceOfKey(key: string | undefined, keys: SpaceKeys, firstId: string): Aim {
  const spaceId = key === undefined ? undefined : keys.spaceOfWriteKey(digestOf(key))
  return spaceId === undefined ? { kind: 'space', spaceId: firstId, isGuess: true } : { kind: 'space', spaceId }
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
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
