import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RestingBytes } from '../../../actors/memory/resting-bytes.ts'
import { propertyRuns } from '../../support/runs.ts'

const MEGABYTE = 1024 * 1024

function bytesOf(length: number, seed: number): Buffer {
  return Buffer.alloc(length, seed % 251)
}

describe('the bytes of actors at rest', () => {
  it('are what was written last', () => {
    const resting = new RestingBytes()
    resting.set(5, Buffer.from('one'))
    resting.set(5, Buffer.from('other'))
    expect(Buffer.from(resting.get(5)!).toString()).toBe('other')
    resting.delete(5)
    expect([resting.get(5), resting.has(5), resting.usedBytes]).toEqual([undefined, false, 0])
  })

  it('may be none', () => {
    const resting = new RestingBytes()
    resting.set(0, new Uint8Array())
    expect([resting.has(0), resting.get(0)?.length, resting.has(1)]).toEqual([true, 0, false])
  })

  it('may be more than a slab holds', () => {
    const resting = new RestingBytes()
    resting.set(1, bytesOf(3 * MEGABYTE, 7))
    resting.set(2, bytesOf(10, 8))
    expect(Buffer.compare(resting.get(1)!, bytesOf(3 * MEGABYTE, 7))).toBe(0)
    resting.delete(1)
    expect(resting.heldBytes).toBeLessThanOrEqual(2 * MEGABYTE)
  })

  it('are what a map holds, whatever comes and goes, in little more memory than they need', () => {
    const step = fc.record({ ordinal: fc.nat(800), length: fc.integer({ min: -3_000, max: 9_000 }), seed: fc.nat() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1_000, maxLength: 6_000 }), (steps) => {
        const [resting, map] = [new RestingBytes(), new Map<number, Buffer>()]
        for (const { ordinal, length, seed } of steps) {
          if (length < 0) {
            resting.delete(ordinal)
            map.delete(ordinal)
          } else {
            resting.set(ordinal, bytesOf(length, seed))
            map.set(ordinal, bytesOf(length, seed))
          }
        }
        for (let ordinal = 0; ordinal <= 800; ordinal++)
          expect(Buffer.compare(resting.get(ordinal) ?? Buffer.of(1), map.get(ordinal) ?? Buffer.of(1))).toBe(0)
        const needed = [...map.values()].reduce((sum, { length }) => sum + length + 8, 0)
        expect(resting.usedBytes).toBe(needed)
        expect(resting.heldBytes).toBeLessThanOrEqual((needed * 4) / 3 + 2 * MEGABYTE)
      }),
      propertyRuns(10),
    )
  })
})
