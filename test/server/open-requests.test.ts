import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { OpenRequests } from '../../src/server/open-requests.ts'

/** As far as is looked at: it closes once. */
function response(): ServerResponse {
  return new EventEmitter() as unknown as ServerResponse
}

/** Resolves with the names of those that have no open request by now. */
async function without(requests: OpenRequests, ...spaceIds: string[]): Promise<string[]> {
  const found: string[] = []
  for (const id of spaceIds) void requests.none(id).then(() => found.push(id))
  await turn()
  return found
}

it('counts the requests of each space by itself, until they are closed', async () => {
  const requests = new OpenRequests()
  const [first, second, other] = [response(), response(), response()]
  expect(await without(requests, 'a', 'b')).toEqual(['a', 'b'])
  requests.count('a', first)
  requests.count('a', second)
  requests.count('b', other)
  expect([requests.countOf('a'), requests.countOf('b'), requests.countOf('c')]).toEqual([2, 1, 0])
  first.emit('close')
  expect(await without(requests, 'a', 'b')).toEqual([])
  second.emit('close')
  expect(await without(requests, 'a', 'b')).toEqual(['a'])
  expect(requests.countOf('a')).toBe(0)
})

it('tells all who wait, each once', async () => {
  const requests = new OpenRequests()
  const only = response()
  requests.count('a', only)
  let told = 0
  for (let waiting = 0; waiting < 3; waiting++) void requests.none('a').then(() => told++)
  await turn()
  expect(told).toBe(0)
  only.emit('close')
  await turn()
  expect(told).toBe(3)
})

it('waits for requests that come while it waits', async () => {
  const requests = new OpenRequests()
  const [first, second] = [response(), response()]
  requests.count('a', first)
  let isTold = false
  void requests.none('a').then(() => (isTold = true))
  requests.count('a', second)
  first.emit('close')
  await turn()
  expect(isTold).toBe(false)
  second.emit('close')
  await turn()
  expect(isTold).toBe(true)
})
