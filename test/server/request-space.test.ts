import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/http/access.ts'
import { type Aim, aimOf, type SpaceKeys, spaceOfKey } from '../../src/server/request-space.ts'
import { basic } from '../support/server.ts'

const FIRST = 'first'
const KEYS: SpaceKeys = {
  spaceOfWriteKey: (digest) => (digest === digestOf('key of a') ? 'a' : undefined),
  spaceOfToken: (digest) => (digest === digestOf('token of a') ? 'a' : undefined),
  has: (id) => ['a', 'b_1', FIRST].includes(id),
}
const ANY_NODE: Aim = { kind: 'any node' }
const BODY: Aim = { kind: 'body', field: 'writeKey' }
const A: Aim = { kind: 'space', spaceId: 'a' }
const B: Aim = { kind: 'space', spaceId: 'b_1' }
const OF_FIRST: Aim = { kind: 'space', spaceId: FIRST }
const GUESS: Aim = { kind: 'space', spaceId: FIRST, isGuess: true }

function aim(method: string, url: string, authorization?: string): Aim {
  const request = { method, url, headers: { authorization } } as unknown as IncomingMessage
  return aimOf(request, KEYS, FIRST)
}

function pixel(data: unknown): string {
  return `/v1/pixel/track?data=${encodeURIComponent(Buffer.from(JSON.stringify(data)).toString('base64'))}`
}

const KEY = basic('key of a:')
const BY_TOKEN = basic('token of a:')

describe('a call', () => {
  it.each(['/v1/track', '/v1/t', '/v1/batch/', '/v1/import', '/v1/track?x=1'])('is for its key`s space: %s', (url) => {
    expect(aim('POST', url, KEY)).toEqual(A)
    expect(aim('POST', url, basic('nobody:'))).toEqual(GUESS)
    expect(aim('POST', url)).toEqual(BODY)
    expect(aim('POST', url, 'Bearer x')).toEqual(BODY)
  })

  it('is found though a proxy asks for all of its address', () => {
    expect(aim('POST', 'http://rollcall.internal:8080/v1/track', KEY)).toEqual(A)
    expect(aim('POST', 'http://', KEY)).toEqual(ANY_NODE)
  })

  it.each(['OPTIONS', 'GET', 'HEAD', 'PUT'])('needs no space before it is made: %s', (method) => {
    expect(aim(method, '/v1/track')).toEqual(ANY_NODE)
  })

  it('by a pixel has its key in the query, or as any other', () => {
    expect(aim('GET', pixel({ writeKey: 'key of a' }))).toEqual(A)
    expect(aim('GET', pixel({ writeKey: 'key of a' }), basic('nobody:'))).toEqual(GUESS)
    expect(aim('GET', pixel({ writeKey: 'nobody' }))).toEqual(GUESS)
    for (const url of [pixel({ writeKey: 7 }), pixel(null), '/v1/pixel/track', '/v1/pixel/track?data=%7B'])
      expect(aim('GET', url)).toEqual(OF_FIRST)
  })

  it.each(['/v1/projects/key/settings', '/analytics.js/v1/key/analytics.min.js'])('has its key in: %s', (path) => {
    expect(aim('GET', path.replace('key', 'nobody'))).toEqual(GUESS)
    expect(aim('GET', path.replace('key', 'key of a'))).toEqual(A)
  })
})

describe('a request by a token', () => {
  it('is for the space of the token, whatever its path names', () => {
    expect(aim('GET', '/spaces/b_1/audiences', BY_TOKEN)).toEqual(A)
    expect(aim('GET', '/v1/spaces/b_1/collections/users/profiles/user_id:u/traits', BY_TOKEN)).toEqual(A)
    expect(aim('GET', '/regulations', BY_TOKEN)).toEqual(A)
  })

  it('is for the space that its path names, if it is another`s', () => {
    for (const authorization of [undefined, 'Bearer administrator', basic('nobody:')]) {
      expect(aim('GET', '/spaces/b_1/audiences', authorization)).toEqual(B)
      expect(aim('GET', '/v1/namespaces/b_1/collections/users/profiles/x/traits', authorization)).toEqual(B)
    }
  })

  it('names a space in any way that a path may', () => {
    expect(aim('GET', '/spaces/b%5F1/audiences')).toEqual(B)
    expect(aim('GET', '/spaces/%/audiences')).toEqual(GUESS)
  })

  it('is for the first space if it names none, and perhaps if it names one that nobody knows', () => {
    expect(aim('GET', '/v1/spaces//collections/users/profiles/x/traits')).toEqual(OF_FIRST)
    expect(aim('GET', '/regulations', 'Bearer administrator')).toEqual(OF_FIRST)
    expect(aim('GET', '/suppressions/')).toEqual(OF_FIRST)
    expect(aim('GET', '/queues/')).toEqual(OF_FIRST)
    expect(aim('GET', '/spaces/made/audiences')).toEqual(GUESS)
    expect(aim('GET', '/v1/spaces/made/collections/users/profiles/x/traits')).toEqual(GUESS)
  })
})

describe('a space as a whole', () => {
  it('is known to every node, and is removed by its own', () => {
    for (const url of ['/spaces', '/spaces/', '/spaces/a', '/spaces/a/', '/spaces/a?x=1'])
      for (const authorization of [undefined, 'Bearer administrator', basic('nobody:')])
        expect(aim('GET', url, authorization)).toEqual(ANY_NODE)
    expect(aim('POST', '/spaces', BY_TOKEN)).toEqual(ANY_NODE)
    expect(aim('DELETE', '/spaces/a')).toEqual(A)
    expect(aim('DELETE', '/spaces/nobody')).toEqual(GUESS)
  })
})

describe('a token of a space', () => {
  it.each(['/spaces', '/spaces/', '/spaces/b_1', '/app/session'])('is known where the space is: %s', (url) => {
    expect(aim('GET', url, BY_TOKEN)).toEqual(A)
    expect(aim('HEAD', url, BY_TOKEN)).toEqual(A)
    expect(aim('PATCH', url, BY_TOKEN)).toEqual(ANY_NODE)
  })

  it('begins a session there, which ends where it is', () => {
    expect(aim('POST', '/app/session')).toEqual({ kind: 'body', field: 'token' })
    expect(aim('DELETE', '/app/session', BY_TOKEN)).toEqual(ANY_NODE)
  })
})

it.each(['/', '/healthz', '/readyz', '/metrics', '/nodes', '/app/', '/app/session', '/v1/m', '/queuesx', '*', '//x/y'])(
  'is answered alike by every node: %s',
  (url) => {
    expect(aim('GET', url, KEY)).toEqual(ANY_NODE)
  },
)

it('leaves a call without a key to the first space, which need not be looked for', () => {
  expect(spaceOfKey(undefined, KEYS, FIRST)).toEqual(OF_FIRST)
  expect(spaceOfKey('nobody', KEYS, FIRST)).toEqual(GUESS)
  expect(spaceOfKey('key of a', KEYS, FIRST)).toEqual(A)
})
