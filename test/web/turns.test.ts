/** Requests of the console that take turns. */
import { expect, it } from 'vitest'
import { Turns } from '../../web/src/api/turns.ts'

it('are so many at a time, in their order, whatever becomes of those before', async () => {
  const turns = new Turns(2)
  const log: string[] = []
  const settle: (() => void)[] = []
  const asked = [0, 1, 2, 3].map((number) =>
    turns.take(
      () =>
        new Promise<number>((resolve, reject) => {
          log.push(`asks ${number}`)
          settle.push(() => (number === 1 ? reject(new Error('refused')) : resolve(number)))
        }),
    ),
  )
  const outcome = Promise.allSettled(asked)
  expect(log).toEqual(['asks 0', 'asks 1'])
  settle[1]!()
  await expect(asked[1]).rejects.toThrow('refused')
  await expect.poll(() => log).toEqual(['asks 0', 'asks 1', 'asks 2'])
  settle[0]!()
  await expect.poll(() => log.length).toBe(4)
  settle[2]!()
  settle[3]!()
  expect((await outcome).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(await turns.take(async () => Promise.resolve(4))).toBe(4)
})
