import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { OpenRequests } from '../../src/server/open-requests.ts'

/** Resolves with the names of those that have no open request by now. */
async function without(requests: OpenRequests, ...spaceIds: string[]): Promise<string[]> {
  const found: string[] = []
  for (const id of spaceIds) void requests.none(id).then(() => found.push(id))
  await turn()
  return found
}

it('counts the requests of each space by itself, until they are closed', async () => {
  const requests = new OpenRequests()
  expect(await without(requests, 'a', 'b')).toEqual(['a', 'b'])
  const [first, second] = [requests.count('a'), requests.count('a')]
  requests.count('b')
  expect([requests.countOf('a'), requests.countOf('b'), requests.countOf('c')]).toEqual([2, 1, 0])
  first()
  expect(await without(requests, 'a', 'b')).toEqual([])
  second()
  expect(await without(requests, 'a', 'b')).toEqual(['a'])
  expect(requests.countOf('a')).toBe(0)
})

it('tells all who wait, each once', async () => {
  const requests = new OpenRequests()
  const end = requests.count('a')
  let told = 0
  for (let waiting = 0; waiting < 3; waiting++) void requests.none('a').then(() => told++)
  await turn()
  expect(told).toBe(0)
  end()
  await turn()
  expect(told).toBe(3)
})

it('waits for requests that come while it waits', async () => {
  const requests = new OpenRequests()
  const first = requests.count('a')
  let isTold = false
  void requests.none('a').then(() => (isTold = true))
  const second = requests.count('a')
  first()
  await turn()
  expect(isTold).toBe(false)
  second()
  await turn()
  expect(isTold).toBe(true)
})
