/** Which calls are known: for how long, how many, and through a table that grows a little at a time. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHUNK_IDS, Deduplication, type DeduplicationLimits } from '../../../actors/deduplication/deduplication.ts'
import { propertyRuns } from '../../support/runs.ts'

const HOUR = 3_600_000

/** The same by a map of text: the hour in which each was seen. */
class Naive {
  readonly #limits: DeduplicationLimits
  readonly #seen = new Map<string, number>()

  constructor(limits: DeduplicationLimits) {
    this.#limits = limits
  }

  isNew(id: string, now: number): boolean {
    const { horizonMs, idsMax } = this.#limits
    for (;;) {
      const oldest = Math.min(...this.#seen.values())
      const isOver = (oldest + 1) * HOUR <= now - horizonMs || this.#seen.size >= idsMax
      if (this.#seen.size === 0 || !isOver) break
      for (const [known, hour] of this.#seen) if (hour === oldest) this.#seen.delete(known)
    }
    if (this.#seen.has(id)) return false
    this.#seen.set(id, Math.floor(now / HOUR))
    return true
  }
}

describe('deduplication', () => {
  it('agrees with a map of text, however ids, hours and bounds fall, and after being written down', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.constantFrom(0, 0, 0, 1, HOUR / 3, HOUR, 5 * HOUR)), {
      maxLength: 300,
      size: 'max',
    })
    const bounds = fc.record({
      horizonMs: fc.constantFrom(HOUR, 24 * HOUR, Infinity),
      idsMax: fc.constantFrom(5, 40, Infinity),
    })
    fc.assert(
      fc.property(steps, bounds, fc.integer({ min: 5, max: 50 }), (all, limits, every) => {
        let deduplication = new Deduplication(limits)
        const naive = new Naive(limits)
        let now = 0
        for (const [index, [id, pause]] of all.entries()) {
          now += pause
          if (index % every === every - 1) {
            const [head, chunks] = [deduplication.head(), chunksOf(deduplication)]
            deduplication = new Deduplication(limits)
            deduplication.restore(head)
            for (const chunk of chunks) deduplication.restoreChunk(chunk)
            deduplication.restored()
            expect([deduplication.head(), chunksOf(deduplication)]).toEqual([head, chunks])
          }
          expect(deduplication.isNew(`id-${id}`, now)).toBe(naive.isNew(`id-${id}`, now))
        }
      }),
      propertyRuns(100),
    )
  })

  it('knows hundreds of thousands, each once, while its table grows and ids end', () => {
    const limits = { horizonMs: 2 * HOUR, idsMax: Infinity }
    const deduplication = new Deduplication(limits)
    const at = (index: number) => Math.floor(index / 20_000) * HOUR
    const wrong: number[] = []
    for (let index = 0; index < 300_000; index++) {
      if (!deduplication.isNew(`message-${index}`, at(index))) wrong.push(index)
      const back = index - 15_000
      if (back >= 0 && deduplication.isNew(`message-${back}`, at(index))) wrong.push(back)
    }
    expect(wrong).toEqual([])
    expect(deduplication.count).toBeLessThanOrEqual(80_000)
  })

  it('takes the last one back', () => {
    const deduplication = new Deduplication()
    for (let index = 0; index < 5000; index++) {
      deduplication.isNew(`kept-${index}`, 0)
      deduplication.isNew(`refused-${index}`, 0)
      deduplication.forgetLast(`refused-${index}`)
    }
    expect(deduplication.count).toBe(5000)
    expect(deduplication.isNew('refused-17', 0)).toBe(true)
    expect(deduplication.isNew('kept-17', 0)).toBe(false)
  })

  it('takes a call without an id for new each time', () => {
    const deduplication = new Deduplication()
    expect([deduplication.isNew('', 0), deduplication.isNew('', 0)]).toEqual([true, true])
    expect(deduplication.count).toBe(0)
  })

  it('keeps the fingerprints that older checkpoints hold', () => {
    const deduplication = new Deduplication()
    for (const id of ['8f14e45f-ceea-467f-a8d7-3c59d1b1f1a4', 'm1']) deduplication.isNew(id, 0)
    const words = new Uint32Array(8)
    words.set([0xdc3999cd, 0xbaeb4da8, 0xd4a6cb03, 0x689eb415, 0x4c65dd99, 0xdda13046, 0xb3066cd5, 0xc5ebbdaa])
    expect(chunksOf(deduplication)).toEqual([new Uint8Array(words.buffer)])
  })

  it('says since when it knows all', () => {
    const deduplication = new Deduplication({ horizonMs: 24 * HOUR, idsMax: 3 })
    expect(deduplication.knownSince).toBeUndefined()
    for (let index = 0; index < 4; index++) deduplication.isNew(`id-${index}`, index * HOUR)
    expect(deduplication.knownSince).toBe(HOUR)
  })
})

function chunksOf(deduplication: Deduplication): Uint8Array[] {
  const log = deduplication.log()
  const { first } = deduplication.head()
  const chunks: Uint8Array[] = []
  for (let chunk = Math.floor(first / CHUNK_IDS); chunk * CHUNK_IDS < first + deduplication.count; chunk++)
    chunks.push(log(chunk))
  return chunks
}
