/** Blocks of slabs: each is its holder's alone until it is given back. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Block, Slabs } from '../../../actors/history/slabs.ts'
import { propertyRuns } from '../../support/runs.ts'

function contentOf({ bytes, offset }: Block, length: number): Buffer {
  return bytes.subarray(offset, offset + length)
}

describe('a block', () => {
  it.each([1, 63, 64, 65, 96, 97, 4096, 1_000_000, 4 * 1024 * 1024, 5_000_000, 30_000_000])(
    'holds the %i bytes that were asked for',
    (needed) => {
      const block = new Slabs().allocate(needed)
      expect(block.size).toBeGreaterThanOrEqual(needed)
      expect(block.offset).toBeGreaterThanOrEqual(0)
      expect(block.offset + block.size).toBeLessThanOrEqual(block.bytes.length)
    },
  )

  it.each([65, 100, 1000, 12_345, 300_000, 3_000_000])('leaves less than half of itself unused: %i', (needed) => {
    expect(new Slabs().allocate(needed).size).toBeLessThan(needed * 1.5)
  })

  it('keeps its content whatever happens to the others', () => {
    const step = fc.record({
      needed: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 200_000 })),
      releases: fc.boolean(),
      which: fc.nat(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const slabs = new Slabs()
        const held: { block: Block; needed: number; mark: number }[] = []
        for (const [mark, { needed, releases, which }] of steps.entries()) {
          if (releases && held.length > 0) slabs.release(held.splice(which % held.length, 1)[0]!.block)
          const block = slabs.allocate(needed)
          contentOf(block, block.size).fill(mark)
          held.push({ block, needed, mark })
        }
        for (const { block, mark } of held) {
          const content = contentOf(block, block.size)
          expect(content.length).toBe(block.size)
          expect(content.every((byte) => byte === mark)).toBe(true)
        }
      }),
      propertyRuns(40),
    )
  })
})

describe('slabs', () => {
  it('take no memory before they are asked', () => {
    expect(new Slabs().totalBytes).toBe(0)
  })

  it('give a block that was given back to the next who asks for such a one, without growing', () => {
    const slabs = new Slabs()
    const first = slabs.allocate(1000)
    const total = slabs.totalBytes
    for (let round = 0; round < 10_000; round++) {
      slabs.release(slabs.allocate(1000))
    }
    slabs.release(first)
    expect(slabs.totalBytes).toBe(total)
  })

  it('hold many small blocks in little more than what was asked for', () => {
    const slabs = new Slabs()
    for (let count = 0; count < 100_000; count++) slabs.allocate(96)
    expect(slabs.totalBytes).toBeLessThan(96 * 100_000 + 4 * 1024 * 1024)
  })

  it('give the memory of a block larger than a slab back at once', () => {
    const slabs = new Slabs()
    slabs.allocate(100)
    const total = slabs.totalBytes
    const large = slabs.allocate(20_000_000)
    expect(slabs.totalBytes).toBeGreaterThanOrEqual(total + 20_000_000)
    slabs.release(large)
    expect(slabs.totalBytes).toBe(total)
  })
})
