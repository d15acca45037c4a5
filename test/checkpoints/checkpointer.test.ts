/** A checkpoint shares the event loop: it does not hold others up for long, and ends under any load. */
import { describe, expect, it } from 'vitest'
import { Shard } from '../../actors/engine/shard.ts'
import { Checkpointer, type CheckpointSource, SLICE_MS, SLICE_MS_MAX } from '../../src/checkpoints/checkpointer.ts'
import { chunkName } from '../../src/checkpoints/checkpoint-parts.ts'
import { until } from '../support/eventually.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'

const PAGES = 2_000
const PAGE_MS = 2
/** Far more than may be under way. */
const LARGE_PAGES = 100

interface Load {
  /** The time that others have the loop between two slices. */
  readonly othersMs: number
  readonly pressure?: number
  readonly pageMs?: number
  readonly pageBytes?: number
}

/** Makes a checkpoint of pages, each of which takes some time; gives how long each slice was. */
async function slicesUnder({ othersMs, pressure = 0, pageMs = PAGE_MS, pageBytes = 8 }: Load): Promise<number[]> {
  let now = 0
  let sliceStart = 0
  const slices: number[] = []
  const others = (): void => {
    slices.push(now - sliceStart)
    now += othersMs
    sliceStart = now
  }
  const breathe = (): Promise<void> => {
    others()
    return new Promise((resolve) => setImmediate(resolve))
  }
  const checkpointer = new Checkpointer(new MemoryCheckpoints(), [], { breathe, elapsedMs: () => now })
  await checkpointer.make(
    1,
    sourceOf(() => (now += pageMs)),
  )
  return slices

  function sourceOf(onPage: () => void): CheckpointSource {
    return { ...source(PAGES, onPage, pageBytes), pressure: () => pressure }
  }
}

function source(count: number, onPage: () => void, pageBytes = 8): CheckpointSource {
  let page = 0
  const take = () => {
    if (page === count) return undefined
    onPage()
    return { page: page++, bytes: new Uint8Array(pageBytes) }
  }
  const pages = Array.from({ length: count }, (_, page) => ({ page, count: 1, isOld: false }))
  return {
    cut: { ...new Shard().cut(), pages: { pages, take } },
    rest: null,
    position: 0,
    journalId: '',
    receivedAt: 0,
    chunkIds: 1,
    pageActors: 64,
    further: [],
    pressure: () => 0,
  }
}

describe('a slice of a checkpoint', () => {
  const longest = (slices: readonly number[]): number => Math.max(...slices.slice(1))

  it('is short while others have little to do', async () => {
    expect(longest(await slicesUnder({ othersMs: 1, pageMs: SLICE_MS }))).toBe(SLICE_MS)
  })

  it('has a quarter of what others have, so that it ends while they are busy', async () => {
    expect(longest(await slicesUnder({ othersMs: 80 }))).toBe(20)
  })

  it('has more where so much comes in that the next one would be due', async () => {
    expect(longest(await slicesUnder({ othersMs: 30, pressure: 1 }))).toBe(30)
  })

  it('is the only one of its turn, however often there is room again', async () => {
    // More pages than may be under way: threads make them smaller meanwhile.
    const slices = await slicesUnder({ othersMs: 1, pageMs: SLICE_MS / 64, pageBytes: 1_024 })
    expect(longest(slices)).toBeLessThanOrEqual(SLICE_MS)
    expect(slices.length).toBeGreaterThanOrEqual(Math.floor(PAGES / 64))
  })

  it('is no longer for the time that the store took', async () => {
    const { store, sliceMs, end, pass } = await begun({ pageMs: SLICE_MS })
    pass(10_000)
    for (const answer of store.waiting.splice(0)) answer()
    await end()
    expect(Math.max(...sliceMs)).toBe(SLICE_MS)
  })

  it('has a bound whatever comes', async () => {
    expect(longest(await slicesUnder({ othersMs: 1_000, pressure: 5 }))).toBe(SLICE_MS_MAX)
  })
})

/** A store whose writes wait for the test. */
class SlowCheckpoints extends MemoryCheckpoints {
  readonly waiting: ((cause?: Error) => void)[] = []

  override async write(...[checkpoint, parts]: Parameters<MemoryCheckpoints['write']>): Promise<void> {
    await new Promise<void>((resolve, reject) => this.waiting.push((cause) => (cause ? reject(cause) : resolve())))
    await super.write(checkpoint, parts)
  }
}

/** A checkpoint of pages that are a write each, until nothing goes on any more. */
async function begun({ pageMs = 0 } = {}) {
  const store = new SlowCheckpoints()
  let [encoded, now, slice] = [0, 0, 0]
  const sliceMs: number[] = []
  const breathe = (): Promise<void> => {
    sliceMs.push(slice)
    slice = 0
    return Promise.resolve()
  }
  const pace = { breathe, elapsedMs: () => now }
  const bytes = incompressible(300 * 1024)
  const plain = source(LARGE_PAGES, () => {
    encoded++
    now += pageMs
    slice += pageMs
  })
  const take = () => {
    const next = plain.cut.pages.take(() => true)
    return next && { ...next, bytes }
  }
  const cut = { ...plain.cut, pages: { pages: plain.cut.pages.pages, take } }
  let outcome: unknown
  new Checkpointer(store, [], pace).make(1, { ...plain, cut }).then(
    () => (outcome = 'made'),
    (cause: unknown) => (outcome = cause),
  )
  await until(() => store.waiting.length > 0)
  return {
    store,
    encodedCount: () => encoded,
    /** The parts encoded in each slice so far. */
    sliceMs,
    pass: (ms: number) => (now += ms),
    /** Answers every write, until it is made or has failed; gives what became of it. */
    end: async () => {
      while (outcome === undefined) {
        for (const answer of store.waiting.splice(0)) answer()
        await new Promise((resolve) => setImmediate(resolve))
      }
      return outcome
    },
  }
}

describe('what a checkpoint has under way', () => {
  it('is bounded while the store does not answer, and goes on when it does', async () => {
    const { store, encodedCount, end } = await begun()
    for (let turn = 0; turn < 1_000; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(encodedCount()).toBeLessThan(LARGE_PAGES / 2)
    expect(await end()).toBe('made')
    expect(store.parts.get(1)!.size).toBe(LARGE_PAGES + 2)
  })

  it('comes to nothing where one write fails', async () => {
    const { store, end } = await begun()
    const cause = new Error('store: away')
    store.waiting.shift()!(cause)
    expect(await end()).toBe(cause)
    expect(await store.committed()).toEqual([])
  })
})

describe('what is as good as random', () => {
  it('is stored as it is: trying to make it smaller would take the loop its threads', async () => {
    const store = new MemoryCheckpoints()
    const pace = { breathe: () => Promise.resolve(), elapsedMs: () => 0 }
    const plain = source(0, () => undefined)
    const fingerprints = (): Uint8Array => new Uint8Array(100_000)
    const { deduplication } = plain.cut.head
    const head = { ...plain.cut.head, deduplication: { ...deduplication, hours: [[0, 1]] as const } }
    await new Checkpointer(store, [], pace).make(1, { ...plain, cut: { ...plain.cut, head, fingerprints } })
    expect(store.parts.get(1)!.get(chunkName(0))!.length).toBeGreaterThan(100_000)
  })
})

describe('chunks of fingerprints', () => {
  it('are written anew where the checkpoint before has them in another size', async () => {
    const store = new MemoryCheckpoints()
    const pace = { breathe: () => Promise.resolve(), elapsedMs: () => 0 }
    const checkpointer = new Checkpointer(store, [], pace)
    const plain = source(0, () => undefined)
    const head = { ...plain.cut.head, deduplication: { first: 0, hours: [[0, 8]] as const } }
    const fingerprints = (chunk: number): Uint8Array => Uint8Array.of(chunk)
    const make = (number: number, chunkIds: number) =>
      checkpointer.make(number, { ...plain, chunkIds, cut: { ...plain.cut, head, fingerprints } })
    const written = (number: number): number =>
      [...store.parts.get(number)!.keys()].filter((name) => name.startsWith('chunk:')).length
    const counts: number[] = []
    for (const [index, chunkIds] of [4, 4, 2, 2].entries()) {
      await make(index + 1, chunkIds)
      counts.push(written(index + 1))
    }
    // The first chunk may have lost its front, and the last may have grown.
    expect(counts).toEqual([2, 2, 4, 2])
  })
})

/** Bytes of a generator whose numbers do not repeat soon. */
function incompressible(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = 1
  for (let place = 0; place < length; place++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[place] = state >>> 24
  }
  return bytes
}
