/** Definitions that are computed beside the entries that come in, and go live at one instant. */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { AppliedEntry } from '../../../actors/engine/applied.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import type { Command, Slice } from '../../../src/model/entry.ts'
import { EngineError } from '../../../src/model/errors.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { scenarios } from '../../support/generators/calls.ts'
import { reopened, Stored } from '../../support/reopened.ts'
import { Histories } from '../../../actors/history/histories.ts'
import { entryOf, rows, type Scenario } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'
import { audience, computedTrait, DAY, HOUR, START } from '../../support/space.ts'

/** A change of definitions before one of the inputs of a scenario. */
interface Change {
  readonly where: number
  readonly which: number
  readonly kind: 'define' | 'edit' | 'remove'
  readonly other: number
}

const changes = fc.array(
  fc.record({
    where: fc.nat(),
    which: fc.nat(),
    kind: fc.constantFrom<Change['kind']>('define', 'define', 'edit', 'edit', 'remove'),
    other: fc.nat(),
  }),
  { minLength: 1, maxLength: 4 },
)

/** The steps that follow an entry, and whether the state is stored and read again after them. */
interface Steps {
  readonly actors: number
  readonly rows: number
  readonly count: number
  readonly reopening: 'none' | 'with states' | 'without'
}

const steps: fc.Arbitrary<Steps[]> = fc.array(
  fc.record({
    actors: fc.integer({ min: 1, max: 3 }),
    rows: fc.integer({ min: 1, max: 4 }),
    count: fc.integer({ min: 0, max: 2 }),
    reopening: fc.constantFrom<Steps['reopening']>('none', 'none', 'with states', 'without'),
  }),
  { minLength: 1, maxLength: 7 },
)

function commandOf({ which, kind, other }: Change, definitions: readonly DefinitionSource[]): Command {
  const source = definitions[which % definitions.length]!
  if (kind === 'define') return { kind: 'define', definition: source }
  if (kind === 'remove') return { kind: 'remove', key: source.key, type: source.type }
  const same = definitions.filter(({ kind: of, type }) => of === source.kind && type === source.type)
  return { kind: 'define', definition: { ...source, query: same[other % same.length]!.query } }
}

/** Lists the memberships and values: one line for each actor and definition that has one. */
function standing(shard: Shard): string[] {
  const sources = new Map(shard.definitions.inputs().map(({ id, source }) => [id, source]))
  const lines = shard.actors().flatMap((actor) =>
    actor.defined.ids().flatMap((id) => {
      const source = sources.get(id)
      const value = actor.definedValue(id)
      if (!source || value === undefined || value === null || value === false) return []
      return [`${actor.label} ${source.type} ${source.key} ${JSON.stringify(value)}`]
    }),
  )
  return lines.sort()
}

/** The definitions, by a text that tells one that begins anew. */
function defined(shard: Shard): Map<string, DefinitionSource> {
  return new Map(
    shard.definitions.inputs().map(({ id, definedAt, source }) => [JSON.stringify([id, definedAt, source]), source]),
  )
}

function idOf(text: string): number {
  return (JSON.parse(text) as [id: number])[0]
}

/** Two shards: one changes its definitions in steps, the other all at once where those of the first go live. */
class Pair {
  readonly inSteps: Transition[] = []
  readonly atOnce: Transition[] = []
  /** True while no two changes went live together. */
  areSingle = true
  #inSteps: Shard
  readonly #atOnce: Shard
  #stored: Stored | undefined = new Stored()

  constructor(definitions: readonly DefinitionSource[]) {
    this.#inSteps = new Shard({ definitions })
    this.#atOnce = new Shard({ definitions })
  }

  get clock(): number {
    return this.#inSteps.clock
  }

  get isUnderWay(): boolean {
    return this.#inSteps.changeover.progress !== undefined
  }

  /** Applies an entry to both; one that changes definitions to the first, and to the second what came of it. */
  apply(entry: AppliedEntry): void {
    const before = defined(this.#inSteps)
    try {
      this.#take(this.#inSteps.apply(entry), this.inSteps)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      return
    }
    const { receivedAt } = entry
    const isChange = entry.kind === 'command'
    this.#take(this.#atOnce.apply(isChange ? { kind: 'tick', receivedAt } : entry), this.atOnce)
    if (isChange) this.#follow(before, receivedAt)
    expect(standing(this.#inSteps)).toEqual(standing(this.#atOnce))
  }

  proceed(slice: Slice): void {
    this.apply({ kind: 'command', receivedAt: this.clock, command: { kind: 'proceed', slice } })
  }

  reopen(hasStates: boolean): void {
    // The parts of checkpoints go on from one to the next.
    if (!hasStates) this.#stored = undefined
    this.#inSteps = this.#stored?.reopen(this.#inSteps) ?? reopened(this.#inSteps)
    expect(standing(this.#inSteps)).toEqual(standing(this.#atOnce))
  }

  #follow(before: ReadonlyMap<string, DefinitionSource>, receivedAt: number): void {
    const after = defined(this.#inSteps)
    const ids = new Set(this.#inSteps.definitions.inputs().map(({ id }) => id))
    // One may be another of the same name.
    const gone = [...before].filter(([text]) => !ids.has(idOf(text))).map(([, source]) => source)
    const come = [...after].filter(([text]) => !before.has(text)).map(([, source]) => source)
    if (gone.length + come.length > 1) this.areSingle = false
    const commands: Command[] = [
      ...gone.map(({ key, type }) => ({ kind: 'remove' as const, key, type })),
      ...come.map((definition) => ({ kind: 'define' as const, definition })),
    ]
    for (const command of commands)
      this.#take(this.#atOnce.apply({ kind: 'command', receivedAt, command }), this.atOnce)
  }

  #take({ transitions, faults }: ReturnType<Shard['apply']>, into: Transition[]): void {
    expect(faults).toEqual([])
    into.push(...transitions)
  }
}

it('gives in steps what it gives at once when it goes live, whatever comes in between', () => {
  const property = fc.property(scenarios(), changes, steps, (scenario, all, between) => {
    const pair = run(scenario, all, between)
    if (pair.areSingle) expect(rows(pair.inSteps)).toEqual(rows(pair.atOnce))
  })
  fc.assert(property, propertyRuns(40))
})

function run({ definitions, inputs }: Scenario, all: readonly Change[], between: readonly Steps[]): Pair {
  const late = new Set(all.filter(({ kind }) => kind === 'define').map(({ which }) => which % definitions.length))
  const pair = new Pair(definitions.filter((_, index) => !late.has(index)))
  for (let index = 0; index <= inputs.length; index++) {
    const input = inputs[index]
    const receivedAt = Math.max(pair.clock, input?.receivedAt ?? 0)
    for (const change of all.filter(({ where }) => where % (inputs.length + 1) === index)) {
      const command = { ...commandOf(change, definitions), inSteps: true } as Command
      pair.apply({ kind: 'command', receivedAt, command })
    }
    if (input) pair.apply(entryOf(input))
    const { actors, rows: looked, count, reopening } = between[index % between.length]!
    for (let step = 0; step < count; step++) pair.proceed({ actors, rows: looked, events: 1_000 })
    if (reopening !== 'none') pair.reopen(reopening === 'with states')
  }
  while (pair.isUnderWay) pair.proceed({ actors: 2, rows: 3, events: 1_000 })
  pair.apply({ kind: 'tick', receivedAt: pair.clock + 1 })
  return pair
}

/** A space of users `u0`, `u1` … that have ordered once each, whose definitions change in steps of one user. */
class Stepped {
  shard: Shard
  now = 0
  #calls = 0

  constructor(users: number, ...definitions: DefinitionSource[]) {
    this.shard = new Shard({ definitions })
    for (let user = 0; user < users; user++) this.track(`u${user}`, 'Ordered')
  }

  track(userId: string, event: string, at = this.now): string[] {
    const body = { type: 'track', userId, event, messageId: `m${++this.#calls}` }
    return this.#apply({ kind: 'calls', receivedAt: START + at, calls: [{ body, sourceId: '' }] }, at)
  }

  until(at: number): string[] {
    return this.#apply({ kind: 'tick', receivedAt: START + at + 1 }, at)
  }

  command(command: Command, at = this.now): string[] {
    return this.#apply({ kind: 'command', receivedAt: START + at, command }, at)
  }

  define(definition: DefinitionSource, at = this.now): string[] {
    return this.command({ kind: 'define', definition, inSteps: true }, at)
  }

  proceed(at = this.now): string[] {
    return this.command({ kind: 'proceed', slice: ONE }, at)
  }

  /** Proceeds until all is done. */
  finish(): string[] {
    const lines: string[] = []
    while (this.shard.changeover.progress) lines.push(...this.proceed())
    return lines
  }

  /** Proceeds until another phase has begun, or all is done. */
  proceedOn(): string[] {
    const isPreparing = this.shard.changeover.progress?.isPreparing
    const lines: string[] = []
    while (this.shard.changeover.progress && this.shard.changeover.progress.isPreparing === isPreparing)
      lines.push(...this.proceed())
    return lines
  }

  value(userId: string, key: string): unknown {
    const { definitions } = this.shard
    const id = definitions.input(key, 'USERS')?.id
    return id === undefined ? undefined : this.shard.profile('user_id', userId)?.definedValue(id)
  }

  #apply(entry: AppliedEntry, at: number): string[] {
    this.now = at
    const { transitions, faults } = this.shard.apply(entry)
    expect(faults).toEqual([])
    return transitions.map(({ at: instant, profile, key, type, value, sequence }) => {
      const outcome = value === undefined ? type : JSON.stringify(value)
      return [(instant - START) / HOUR, profile.slice('user_id:'.length), key, outcome, sequence].join(' ')
    })
  }
}

const ONE: Slice = { actors: 1, rows: 1, events: 1_000 }
const RECENT = audience('recent', "event('Ordered').within(1 day).count() >= 1")

describe('a definition that is added in steps', () => {
  it('is heard of by nobody until it is live, and then as of one instant', () => {
    const space = new Stepped(3)
    space.now = HOUR
    expect(space.define(RECENT)).toEqual([])
    expect(space.shard.changeover.progress).toMatchObject({ isPreparing: true, done: 0, all: 3 })
    expect(space.track('u2', 'Ordered', 2 * HOUR)).toEqual([])
    expect(space.value('u0', 'recent')).toBeUndefined()
    space.now = 3 * HOUR
    expect(space.proceedOn()).toEqual([])
    expect(space.shard.changeover.progress).toMatchObject({ isPreparing: false, done: 0, all: 3 })
    // Whoever is looked at is in it, though nothing has been said yet.
    expect(['u0', 'u1', 'u2'].map((user) => space.value(user, 'recent'))).toEqual([true, true, true])
    expect(space.track('u1', 'Seen', 4 * HOUR)).toEqual(['3 u1 recent entered 1'])
    expect(space.proceedOn()).toEqual(['3 u0 recent entered 1', '3 u2 recent entered 1'])
    expect(space.until(DAY)).toEqual(['24 u0 recent exited 2', '24 u1 recent exited 2'])
    expect(space.until(2 * DAY)).toEqual(['26 u2 recent exited 2'])
  })

  it('lets what time changes come after what the switch has changed', () => {
    const space = new Stepped(2)
    space.now = DAY - HOUR
    space.define(RECENT)
    space.proceedOn()
    expect(space.until(DAY)).toEqual([
      '23 u0 recent entered 1',
      '23 u1 recent entered 1',
      '24 u0 recent exited 2',
      '24 u1 recent exited 2',
    ])
  })

  it('does not enter whom it leaves at the very instant of the switch', () => {
    const space = new Stepped(2)
    space.now = DAY
    space.define(RECENT)
    expect([...space.proceedOn(), ...space.proceedOn(), ...space.until(2 * DAY)]).toEqual([])
    expect(space.value('u0', 'recent')).not.toBe(true)
  })

  it('goes live together with what is due at that instant', () => {
    const space = new Stepped(2, RECENT)
    const lines = space.define(audience('never', "event('Refunded').count() >= 1"), DAY)
    expect(lines).toEqual(['24 u0 recent exited 2', '24 u1 recent exited 2'])
  })

  it('is live at once for an event that nobody has sent, and reads no history', () => {
    const space = new Stepped(50)
    const read = vi.spyOn(Histories.prototype, 'events')
    expect(space.define(audience('never', "event('Refunded').count() >= 1"))).toEqual([])
    expect(space.shard.changeover.progress).toBeUndefined()
    expect(read).not.toHaveBeenCalled()
    read.mockRestore()
    expect(space.track('u7', 'Refunded')).toEqual(['0 u7 never entered 1'])
  })

  it('counts each event once for whoever was brought on early', () => {
    const space = new Stepped(3)
    space.define(computedTrait('orders', "event('Ordered').count()"))
    space.track('u2', 'Ordered')
    expect(space.finish()).toEqual(['0 u0 orders 1 1', '0 u1 orders 1 1', '0 u2 orders 2 1'])
    expect(space.track('u2', 'Ordered')).toEqual(['0 u2 orders 3 2'])
  })

  it('reads each history once', () => {
    const space = new Stepped(20)
    const read = vi.spyOn(Histories.prototype, 'events')
    space.define(RECENT)
    space.proceedOn()
    space.proceedOn()
    expect(read).toHaveBeenCalledTimes(20)
    read.mockRestore()
  })
})

describe('a restart while nothing is under way', () => {
  it('changes no step of what comes next, though users have lost their accounts', () => {
    const space = new Stepped(0, audience('seen', "event('Seen').count() >= 1"))
    for (const userId of ['u0', 'u1', 'u2']) {
      const body = { type: 'group', userId, groupId: 'g1', messageId: userId }
      space.shard.apply({ kind: 'calls', receivedAt: START, calls: [{ body, sourceId: '' }] })
    }
    for (const value of ['u0', 'u1'])
      space.command({ kind: 'unlink', profile: { type: 'user_id', value }, account: 'g1' })
    const restarted = new Stepped(0)
    restarted.shard = new Stored().reopen(space.shard)
    const [inPlace, restored] = [space, restarted].map((one) => {
      one.define(audience('readers', "trait('seen') = true OR event('Seen').count() >= 9"))
      return Array.from({ length: 4 }, () => {
        one.command({ kind: 'proceed', slice: { ...ONE, rows: 3 } })
        return one.shard.changeover.progress?.done
      })
    })
    expect(inPlace).toEqual(restored)
  })
})

describe('changes that are asked for while another is under way', () => {
  it('come next, all together', () => {
    const space = new Stepped(2)
    space.define(RECENT)
    space.define(computedTrait('orders', "event('Ordered').count()"))
    space.define(audience('many', "event('Ordered').count() >= 2"))
    expect(space.proceedOn()).toEqual([])
    expect(space.proceedOn()).toEqual(['0 u0 recent entered 1', '0 u1 recent entered 1'])
    expect(space.shard.changeover.progress).toMatchObject({ isPreparing: true })
    expect([...space.proceedOn(), ...space.proceedOn()]).toEqual(['0 u0 orders 1 1', '0 u1 orders 1 1'])
    expect(space.track('u0', 'Ordered').sort()).toEqual(['0 u0 many entered 1', '0 u0 orders 2 2'])
  })

  it('take the place of what was to come', () => {
    const space = new Stepped(2)
    space.define(RECENT)
    space.define(audience('recent', "event('Seen').count() >= 1"))
    expect(space.finish()).toEqual([])
    expect(space.track('u0', 'Seen')).toEqual(['0 u0 recent entered 1'])
  })

  it('may take out what has not come yet', () => {
    const space = new Stepped(2)
    space.define(RECENT)
    space.command({ kind: 'remove', key: 'recent', type: 'USERS', inSteps: true })
    expect(space.finish()).toEqual([])
    expect(space.shard.definitions.inputs()).toEqual([])
  })

  it('give the number of what was taken out to nothing else, also after a restart', () => {
    let shard = new Shard({ definitions: [] })
    const command = (one: Command): void =>
      void shard.apply({ kind: 'command', receivedAt: START, command: { ...one, inSteps: true } as Command })
    command({ kind: 'define', definition: audience('others', "NOT trait('vip') = true") })
    const { id } = shard.definitions.inputs()[0]!
    command({ kind: 'remove', key: 'others', type: 'USERS' })
    expect(shard.changeover.progress).toBeDefined()
    shard = reopened(shard)
    command({ kind: 'define', definition: audience('other', "event('Seen').count() >= 1") })
    while (shard.changeover.progress)
      shard.apply({ kind: 'command', receivedAt: START, command: { kind: 'proceed', slice: ONE } })
    expect(shard.definitions.inputs().map((input) => input.id)).toEqual([id + 1])
  })
})

describe('a definition that changes in steps', () => {
  it('goes on as it was until the switch, which tells the difference', () => {
    const space = new Stepped(2, RECENT)
    space.track('u1', 'Seen')
    expect(space.define(audience('recent', "event('Seen').within(1 day).count() >= 1"), HOUR)).toEqual([])
    expect(space.track('u9', 'Ordered', 2 * HOUR)).toEqual(['2 u9 recent entered 1'])
    expect([...space.proceedOn(), ...space.proceedOn()]).toEqual(['2 u0 recent exited 2', '2 u9 recent exited 2'])
    expect(space.value('u1', 'recent')).toBe(true)
  })

  it('and comes back tells the difference to what it last held', () => {
    const space = new Stepped(2, RECENT)
    space.track('u2', 'Seen')
    space.command({ kind: 'remove', key: 'recent', type: 'USERS', isKept: true, inSteps: true })
    space.finish()
    expect(space.value('u0', 'recent')).toBeUndefined()
    space.track('u2', 'Ordered', HOUR)
    const either = "event('Seen').count() >= 1 OR event('Ordered').between(1 hour, 1 day).count() >= 1"
    space.define(audience('recent', either), 2 * HOUR)
    expect(space.finish()).toEqual(['2 u2 recent entered 1'])
    expect(space.until(2 * DAY)).toEqual(['24 u0 recent exited 2', '24 u1 recent exited 2'])
  })
})
