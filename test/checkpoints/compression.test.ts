/** Bytes are compressed beside the event loop, one after the other. */
import { expect, it } from 'vitest'
import { compress, decompress } from '../../src/checkpoints/compression.ts'

it('gives back what was compressed, in the order in which it was asked for, whatever fails in between', async () => {
  const done: number[] = []
  const texts = [5, 400_000, 10, 300_000].map((length) => Buffer.alloc(length, 'some text '))
  const faulty = compress(7 as unknown as Uint8Array).catch(() => 'refused')
  const compressed = await Promise.all(
    texts.map(async (text, index) => {
      const bytes = await compress(text)
      done.push(index)
      return bytes
    }),
  )
  expect(await faulty).toBe('refused')
  expect(done).toEqual([0, 1, 2, 3])
  expect(compressed[1]!.length).toBeLessThan(10_000)
  expect(await Promise.all(compressed.map(decompress))).toEqual(texts)
})
