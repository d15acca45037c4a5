/** Previews beside a space that goes on: what they find, in which turns, and how sure an estimate is. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Shard } from '../../actors/engine/shard.ts'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { Entry } from '../../src/model/entry.ts'
import type { PreviewCondition, PreviewRequest } from '../../src/model/preview.ts'
import { printCondition } from '../../src/language/print.ts'
import type { Condition } from '../../src/language/tree.ts'
import { partsOf } from '../../src/space/preview-conditions.ts'
import { estimatedDifference, estimateOf } from '../../src/space/estimate.ts'
import { Preview } from '../../src/space/preview.ts'
import type { PreviewContext } from '../../src/space/preview-context.ts'
import { Previews } from '../../src/space/previews.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { previewsOf } from '../../src/server/previews.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { everyScenario } from '../support/generators/calls.ts'
import { eventually } from '../support/eventually.ts'
import { entriesOf } from '../support/run-shard.ts'
import { propertyRuns } from '../support/runs.ts'
import { sendCall } from '../support/send-call.ts'
import { audience, Space } from '../support/space.ts'
import { VirtualTime } from '../support/server.ts'

function request(source: DefinitionSource): PreviewRequest {
  return { source, options: {}, compareWith: undefined, overlapWith: [], traits: [], changeOf: undefined }
}

/** Each actor takes a turn of its own. */
function contextOf(shard: Shard, inBetween: () => void, random: PreviewContext['random'] = () => 0): PreviewContext {
  let now = 0
  return {
    shard,
    load: () => Promise.reject(new Error('nothing is out of memory')),
    relieve: () => Promise.resolve(),
    clock: () => shard.clock,
    elapsedMs: () => (now += 10),
    breathe: () => {
      inBetween()
      return Promise.resolve()
    },
    random,
    numberOf: () => undefined,
    connectionsOf: () => [],
    traitOf: () => undefined,
  }
}

/** The number that a definition has by the end of everything before an instant, which it is made at. */
function membersOf(shard: Shard, source: DefinitionSource): number {
  const id = shard.definitions.nextId
  shard.apply({ kind: 'command', receivedAt: shard.clock, command: { kind: 'define', definition: source } })
  const kind = source.type === 'USERS' ? 'user' : 'account'
  const values = shard.actors().flatMap((actor) => (actor.kind === kind ? [actor.definedValue(id)] : []))
  return values.filter((value) => (source.kind === 'audience' ? value === true : (value ?? 0) !== 0)).length
}

/** Counts every condition, and the definition without it, as definitions of their own. */
function expectConditions(
  shard: Shard,
  source: DefinitionSource,
  size: number,
  conditions: readonly PreviewCondition[],
): void {
  const count = (key: string, condition: Condition): number => {
    const query = printCondition(condition) || "NOT event('').count() >= 1"
    return membersOf(shard, { ...source, key, query })
  }
  const parts = partsOf(source)
  expect(conditions).toHaveLength(parts.length)
  for (const [index, { place, condition, rest, isAlternative }] of parts.entries()) {
    const without = count(`without${index}`, rest)
    const numbers = { meets: count(`meets${index}`, condition), without }
    const expected = isAlternative ? { ...numbers, onlyThrough: size - without } : numbers
    expect(conditions[index]).toEqual({ ...place, ...expected })
  }
}

it('the conditions of a preview are those of the outermost AND and its ORs, at most 16', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => `trait('${name}') = 1`)
  const parted = (query: string): unknown[] =>
    partsOf(audience('x', query)).map(({ place: { start, end }, rest, isAlternative }) => [
      query.slice(start, end),
      printCondition(rest),
      isAlternative,
    ])
  expect(parted(`${a} AND (${b} OR NOT (${c} AND ${d}))`)).toEqual([
    [a, `${b} OR NOT (${c} AND ${d})`, false],
    [`${b} OR NOT (${c} AND ${d})`, a, false],
    [b, `${a} AND NOT (${c} AND ${d})`, true],
    [`NOT (${c} AND ${d})`, `${a} AND ${b}`, true],
  ])
  expect(parted(a!)).toEqual([[a, '', false]])
  expect(parted(`${a} OR ${b}`)).toEqual([
    [`${a} OR ${b}`, '', false],
    [a, b, true],
    [b, a, true],
  ])
  const many = Array.from({ length: 20 }, (_, index) => `trait('t${index}') = 1`)
  expect(parted(many.join(' AND '))).toHaveLength(16)
})

describe('a preview', () => {
  it('has the very size that the definition would have, whatever comes in between', async () => {
    await fc.assert(
      fc.asyncProperty(everyScenario(), fc.nat(), fc.nat(), async (scenario, at, start) => {
        const entries: Entry[] = entriesOf(scenario)
        const source = scenario.definitions[at % Math.max(1, scenario.definitions.length)]
        if (!source) return
        const isNamed = (query: string): boolean => query.includes(`trait('${source.key}`)
        const texts = [
          ...scenario.definitions.map(({ query }) => query),
          ...entries.map((entry) => JSON.stringify(entry)),
        ]
        if (texts.some(isNamed)) return
        const others = scenario.definitions.filter(({ key, type }) => key !== source.key || type !== source.type)
        const shard = new Shard({ definitions: others })
        const applied = entries.filter(
          (entry) => entry.kind !== 'command' || !JSON.stringify(entry.command).includes(`"key":"${source.key}"`),
        )
        let next = 0
        const applyNext = (): void => {
          if (applied[next]) shard.apply(applied[next++]!)
        }
        while (next < start % (applied.length + 1)) applyNext()
        const preview = new Preview(
          request(source),
          contextOf(shard, applyNext, (bound) => (next * 7) % bound),
        )
        await preview.estimate()
        await preview.complete()
        const { exact, values } = preview.findings()
        expect(exact?.asOf).toBe(shard.clock)
        const found = values ? undefined : exact?.size
        if (found !== undefined) {
          expectConditions(shard, source, found, preview.findings().conditions)
          expect(found).toBe(membersOf(shard, source))
        }
        preview.end()
      }),
      propertyRuns(50),
    )
  })

  it('works in short turns, and looks again at those alone who have changed', async () => {
    const space = new Space()
    for (let user = 0; user < 3 * PAGE_ACTORS; user++) space.track(`u${user}`, 'Seen')
    let turns = 0
    const context = contextOf(space.shard, () => {
      if (++turns === 100) space.track('u5', 'Other')
    })
    const preview = new Preview(request(audience('a', "event('Other').count() >= 1")), context)
    const look = vi.spyOn(space.shard.reader, 'see')
    await preview.complete()
    expect(turns).toBeGreaterThanOrEqual(3 * PAGE_ACTORS)
    expect(preview.findings().exact).toMatchObject({ size: 1 })
    // Everybody once, and for the last minutes, the one who has changed, and the one who is shown.
    expect(look).toHaveBeenCalledTimes(6 * PAGE_ACTORS + 2)
    space.track('u6', 'Other')
    await preview.settle()
    expect(preview.findings().exact).toMatchObject({ size: 2 })
    preview.freeze()
    space.track('u7', 'Other')
    expect(preview.findings().exact).toMatchObject({ size: 2 })
  })

  it('begins anew when definitions change: a name may mean something else', async () => {
    const space = new Space()
    for (let user = 0; user < 3; user++) space.identify(`u${user}`, { vip: true })
    let turns = 0
    const context = contextOf(space.shard, () => {
      if (++turns === 2) space.define(audience('vip', "event('Seen').count() >= 1"))
    })
    const preview = new Preview(request(audience('a', "trait('vip') = true")), context)
    await preview.complete()
    expect([turns > 3, preview.findings().exact?.size]).toEqual([true, 0])
    space.remove('vip')
    await preview.settle()
    expect(preview.findings().exact?.size).toBe(3)
  })

  it('is brought up to date once for all who ask at a time', async () => {
    const space = new Space()
    for (let user = 0; user < 200; user++) space.track(`u${user}`, 'Seen')
    const preview = new Preview(
      request(audience('a', "event('Other').count() >= 1")),
      contextOf(space.shard, () => undefined),
    )
    await preview.complete()
    for (let user = 0; user < 200; user++) space.track(`u${user}`, 'Other')
    const first = preview.settle()
    await Promise.all([preview.settle().then(() => expect(preview.findings().exact?.size).toBe(200)), first])
  })

  it('holds nothing of anybody while it waits, and fails if its names are gone meanwhile', async () => {
    const space = new Space(audience('other', "event('Seen').count() >= 1"))
    space.track('u1', 'Seen')
    const numbers = new Map([['aud_1', 0]])
    const context = { ...contextOf(space.shard, () => undefined), numberOf: (id: string) => numbers.get(id) }
    const source = audience('a', "event('Seen').count() >= 1")
    const preview = new Preview({ ...request(source), overlapWith: ['aud_1'] }, context)
    const none = { id: 'aud_1', both: 0, onlyThis: 0, onlyOther: 0 }
    expect(preview.findings()).toMatchObject({ status: 'RUNNING', overlap: [none] })
    await preview.estimate()
    expect(preview.findings()).toMatchObject({ estimate: { count: 1 }, overlap: [{ ...none, both: 1 }] })
    space.remove('other')
    numbers.clear()
    await preview.complete()
    expect(preview.findings()).toMatchObject({
      status: 'FAILED',
      failureReason: expect.stringContaining('overlapWith.0') as string,
    })
  })

  it('that fails says so', async () => {
    const space = new Space()
    space.track('u1', 'Seen')
    vi.spyOn(space.shard.reader, 'see').mockImplementation(() => {
      throw new Error('injected')
    })
    const preview = new Preview(
      request(audience('a', "event('Seen').count() >= 1")),
      contextOf(space.shard, () => undefined),
    )
    await preview.complete()
    expect(preview.findings()).toMatchObject({ status: 'FAILED', failureReason: 'injected' })
    expect(preview.isEnded).toBe(true)
  })
})

it('a preview of people that have left memory lets them leave again', async () => {
  const [time, checkpoints] = [new VirtualTime(1_700_000_000_000), new MemoryCheckpoints()]
  const pipeline = await Pipeline.open({
    journal: new MemoryJournal<SpaceCommand>(),
    checkpoints,
    clock: time.clock,
    timer: time.timer,
    residentBytesMax: 0,
  })
  const pages = 100
  const send = async (from: number, to: number): Promise<void> => {
    const batch = Array.from({ length: to - from }, (_, index) => ({
      type: 'track',
      userId: `u${from + index}`,
      event: index % 2 === 0 ? 'Seen' : 'Other',
    }))
    await sendCall(pipeline, 'batch', { batch })
  }
  for (let page = 0; page < pages; page += 4) await send(page * PAGE_ACTORS, (page + 4) * PAGE_ACTORS)
  time.moveTo(time.now + 60_000)
  await eventually(async () => expect(await checkpoints.committed()).toHaveLength(1))
  const { residentPages } = pipeline.shard
  await eventually(async () => {
    await pipeline.relieve()
    expect(residentPages.coldPages).toBe(pages)
  })
  let cold = pages
  const previews = previewsOf(pipeline, { clock: time.clock, timer: time.timer })
  const load = vi.spyOn(pipeline.reads, 'load')
  previews.start('p', request(audience('a', "event('Seen').count() >= 1")))
  await eventually(() => {
    cold = Math.min(cold, residentPages.coldPages)
    expect(previews.find('p')?.findings.exact).toMatchObject({ size: (pages * PAGE_ACTORS) / 2 })
  })
  expect(load.mock.calls.length).toBeGreaterThanOrEqual(pages)
  // A page goes with the second round of 32 after its own.
  expect(cold).toBeGreaterThan(pages / 4)
  previews.stop()
  await pipeline.stop()
})

describe('the last minutes of a preview', () => {
  it('have who would have entered and left, had the definition been there', async () => {
    const counts = { entered: 0, left: 0 }
    const runs = propertyRuns(50)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ user: fc.nat(4), after: fc.nat(150_000) }), { minLength: 1, maxLength: 30 }),
        fc.constantFrom(
          "event('Order').within(3 minutes).count() >= 2",
          "event('Order').between(1 minutes, 4 minutes).count() >= 1",
          "event('Order').where(event('Order').within(parent: 2 minutes).count() >= 2).count() >= 1",
        ),
        async (orders, query) => {
          const source = audience('lately', query)
          const [without, withIt] = [new Space(), new Space(source)]
          let at = 0
          for (const { user, after } of orders) {
            at += after
            for (const space of [without, withIt]) space.track(`u${user}`, 'Order', {}, at)
          }
          const preview = new Preview(
            request(source),
            contextOf(without.shard, () => undefined),
          )
          await preview.complete()
          const { recent, exact } = preview.findings()
          withIt.shard.apply({ kind: 'tick', receivedAt: exact!.asOf + 1 })
          const told = withIt.shard.actors().flatMap(({ past }) => past)
          const expected = Array.from({ length: 10 }, (_, minute) => {
            const start = exact!.asOf - (10 - minute) * 60_000
            // The last minute has its very end, too.
            const end = minute === 9 ? Infinity : start + 60_000
            const within = told.filter((one) => one.at >= start && one.at < end && one.at > exact!.asOf - 600_000)
            const count = (type: string) => within.filter((one) => one.type === type).length
            return { at: start, entered: count('entered'), left: count('exited') }
          })
          expect(recent).toEqual(expected)
          for (const { entered, left } of expected) {
            counts.entered += entered
            counts.left += left
          }
        },
      ),
      runs,
    )
    if (runs.numRuns >= 30) expect(Math.min(counts.entered, counts.left)).toBeGreaterThan(5)
  })
})

describe('the cost of a preview', () => {
  it('has about the bytes that the definition takes once it is there', async () => {
    const space = new Space()
    for (let user = 0; user < 200; user++)
      for (let order = 0; order < 1 + (user % 9); order++) space.track(`u${user}`, 'Order', { user }, order * 60_000)
    const source = audience('many', "event('Order').within(7 days).count() >= 2")
    const preview = new Preview(
      request(source),
      contextOf(space.shard, () => undefined),
    )
    await preview.complete()
    const before = space.shard.residentPages.bytes
    space.define(source)
    const took = space.shard.residentPages.bytes - before
    const { bytes } = preview.findings().cost!
    expect(bytes / took).toBeGreaterThan(0.5)
    expect(bytes / took).toBeLessThan(2)
    const again = new Preview(
      request({ ...source, key: 'again' }),
      contextOf(space.shard, () => undefined),
    )
    await again.complete()
    // Its states are there.
    expect(again.findings().cost!.bytes).toBeLessThan(bytes)
  })
})

describe('an estimate', () => {
  it('holds the true number 95 times of 100, however many were drawn', () => {
    let state = 1
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state / 2 ** 32
    }
    let hits = 0
    const runs = 1_000
    for (let run = 0; run < runs; run++) {
      const all = 2_000 + Math.floor(random() * 8_000)
      const members = Math.floor(all * random() ** 3)
      const drawn = Math.floor(all * 0.05)
      let found = 0
      // Without replacement, one after the other.
      for (let draw = 0, left = members; draw < drawn; draw++)
        if (random() < left / (all - draw)) {
          found++
          left--
        }
      const { low, high, count } = estimateOf(found, drawn, all)
      expect(low <= count && count <= high).toBe(true)
      if (low <= members && members <= high) hits++
    }
    expect(hits).toBeGreaterThanOrEqual(930)
    expect(hits).toBeLessThan(runs)
  })

  it('is exact once all have been drawn, and never less than what was found', () => {
    expect(estimateOf(3, 10, 10)).toEqual({ count: 3, low: 3, high: 3, share: 0.3 })
    expect(estimateOf(0, 10, 1_000).low).toBe(0)
    const compared = { both: 5, onlyThis: 10, onlyOther: 20 }
    const { enter, leave } = estimatedDifference({ found: 100, members: 15, compared }, 1_000)!
    expect([enter, leave]).toMatchObject([{ count: 100 }, { count: 200 }])
    expect(enter).toEqual(estimateOf(10, 100, 1_000))
    expect(estimateOf(10, 10, 1_000).high).toBe(1_000)
    expect(estimateOf(9, 10, 11)).toMatchObject({ low: 9, high: 10 })
  })

  it('of a million is less than two percent of all wide, by as many as a preview draws', () => {
    const { low, high } = estimateOf(10_000, 20_000, 1_000_000)
    expect(high - low).toBeLessThan(20_000)
  })
})

describe('the previews of a space', () => {
  it('are computed four at a time, the others wait with their estimates, and not too many may', async () => {
    const space = new Space()
    for (let user = 0; user < PAGE_ACTORS; user++) space.track(`u${user}`, 'Seen')
    const held: (() => void)[] = []
    // All draw the same user alone; whoever looks at another waits.
    const drawn = PAGE_ACTORS / 2
    let last = -1
    let isHeld = true
    const see = space.shard.reader.see.bind(space.shard.reader)
    vi.spyOn(space.shard.reader, 'see').mockImplementation((ordinal, look) => {
      last = ordinal
      return see(ordinal, look)
    })
    const context: PreviewContext = {
      ...contextOf(
        space.shard,
        () => undefined,
        () => drawn,
      ),
      breathe: () => (isHeld && last !== drawn ? new Promise((resolve) => held.push(resolve)) : Promise.resolve()),
    }
    const previews = new Previews({ context, timer: new VirtualTime(0).timer })
    const source = audience('a', "event('Seen').count() >= 1")
    for (let index = 0; index < 10; index++) previews.start(`p${index}`, request(source))
    const found = (index: number) => previews.find(`p${index}`)?.findings
    await eventually(() => expect(found(9)?.estimate).toMatchObject({ count: PAGE_ACTORS }))
    await eventually(() => expect(held).toHaveLength(4))
    expect([found(0)?.status, found(9)?.status]).toEqual(['RUNNING', 'RUNNING'])
    for (let index = 10; index < 54; index++) previews.start(`p${index}`, request(source))
    await eventually(() => expect(found(53)?.estimate).toBeDefined())
    expect(() => previews.start('more', request(source))).toThrow(expect.objectContaining({ code: 'rate_limit_error' }))
    // One that is refused takes the place of none; a place that is free is there for the next.
    expect(() => previews.start('more', request(audience('a', 'event(')), 'p53')).toThrow('column 7')
    expect(found(53)?.status).toBe('RUNNING')
    previews.start('more', request(source), 'p53')
    expect(found(53)).toBeUndefined()
    previews.cancel('p52')
    previews.start('p53', request(source))
    isHeld = false
    for (const go of held) go()
    await eventually(() => expect(found(53)?.status).toBe('COMPLETED'))
    previews.stop()
    expect(found(53)).toBeUndefined()
  })

  it('leave no timer behind once they are cancelled, not even one that is followed', async () => {
    const space = new Space()
    space.track('u1', 'Seen')
    const time = new VirtualTime(0)
    const previews = new Previews({ context: contextOf(space.shard, () => undefined), timer: time.timer })
    const source = audience('a', "event('Seen').count() >= 1")
    previews.start('done', request(source))
    const unfollow = previews.follow('done', () => {
      if (!previews.find('done')) unfollow()
    })
    await eventually(() => expect(previews.find('done')?.findings.status).toBe('COMPLETED'))
    previews.cancel('done')
    expect(time.timers.size).toBe(0)
  })
})
