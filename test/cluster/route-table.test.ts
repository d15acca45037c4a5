import { expect, it } from 'vitest'
import type { OwnerRecord } from '../../src/cluster/node-directory.ts'
import { RouteTable } from '../../src/cluster/route-table.ts'

function owner(nodeId: string, writeKeys: string[], tokens: string[] = []): OwnerRecord {
  return { nodeId, url: nodeId && `http://${nodeId}`, writeKeys, tokens }
}

it('knows nothing before it is told', () => {
  const routes = new RouteTable()
  expect(routes.ownerOf('a')).toBeUndefined()
  expect(routes.spaceOfWriteKey('key')).toBeUndefined()
  expect(routes.spaceOfToken('token')).toBeUndefined()
})

it('finds the space of a write key and of a token, each by its own kind', () => {
  const routes = new RouteTable()
  routes.update(
    new Map([
      ['a', owner('n1', ['key of a', 'other key of a'], ['token of a'])],
      ['b', owner('n2', ['key of b'], ['token of b'])],
    ]),
  )
  expect(['key of a', 'other key of a', 'key of b', 'token of a'].map((key) => routes.spaceOfWriteKey(key))).toEqual([
    'a',
    'a',
    'b',
    undefined,
  ])
  expect(['token of a', 'token of b', 'key of b'].map((token) => routes.spaceOfToken(token))).toEqual([
    'a',
    'b',
    undefined,
  ])
  expect(routes.ownerOf('b')?.url).toBe('http://n2')
})

it('has no owner of a space between two, whose keys it still knows', () => {
  const routes = new RouteTable()
  routes.update(new Map([['a', owner('', ['key'], ['token'])]]))
  expect(routes.ownerOf('a')).toBeUndefined()
  expect(routes.spaceOfWriteKey('key')).toBe('a')
  expect(routes.spaceOfToken('token')).toBe('a')
})

it('forgets what is not told again', () => {
  const routes = new RouteTable()
  routes.update(new Map([['a', owner('n1', ['key'], ['token'])]]))
  routes.update(new Map([['b', owner('n1', ['key of b'])]]))
  expect(routes.ownerOf('a')).toBeUndefined()
  expect(routes.spaceOfWriteKey('key')).toBeUndefined()
  expect(routes.spaceOfToken('token')).toBeUndefined()
})
