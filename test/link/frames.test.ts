import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FrameReader, frameOf, HEAD_BYTES } from '../../src/link/frames.ts'

it('are found however the bytes of a connection are cut', () => {
  const frames = fc.array(fc.tuple(fc.nat(255), fc.nat(0xffffffff), fc.uint8Array({ maxLength: 40 })), { maxLength: 8 })
  fc.assert(
    fc.property(frames, fc.array(fc.nat(30)), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(([kind, id, payload]) => frameOf(kind, id, payload)))
      const reader = new FrameReader(1_000)
      const found: unknown[] = []
      const take = (from: number, to?: number): void => {
        for (const { kind, id, payload } of reader.read(bytes.subarray(from, to)))
          found.push([kind, id, Uint8Array.from(payload)])
      }
      let at = 0
      for (const cut of cuts) take(at, Math.min(bytes.length, (at += cut)))
      take(Math.min(at, bytes.length))
      expect(found).toEqual(sent)
    }),
  )
})

it.each([
  ['longer than is allowed', 1_000],
  ['shorter than its head', 0],
])('that say they are %s end the connection', (_how, length) => {
  const bytes = frameOf(1, 1)
  bytes.writeUInt32LE(length, 0)
  expect(() => new FrameReader(1_000).read(bytes)).toThrow('link: a frame of')
  expect(new FrameReader(1_000).read(frameOf(1, 1, new Uint8Array(1_000 - HEAD_BYTES)))).toHaveLength(1)
})
