/** Definitions that are computed beside the entries that come in, and go live at one instant. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AppliedEntry } from '../../../actors/engine/shard.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import type { Command, Slice } from '../../../src/model/entry.ts'
import { EngineError } from '../../../src/model/errors.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { scenarios } from '../../support/generators/calls.ts'
import { Stored } from '../../support/reopened.ts'
import { entryOf, rows, type Scenario } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'

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
  readonly isReopened: boolean
}

const steps: fc.Arbitrary<Steps[]> = fc.array(
  fc.record({
    actors: fc.integer({ min: 1, max: 3 }),
    rows: fc.integer({ min: 1, max: 4 }),
    count: fc.integer({ min: 0, max: 2 }),
    isReopened: fc.boolean(),
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
    shard.definitions.inputs().map(({ definedAt, source }) => [JSON.stringify([definedAt, source]), source]),
  )
}

/** Two shards: one changes its definitions in steps, the other all at once where those of the first go live. */
class Pair {
  readonly inSteps: Transition[] = []
  readonly atOnce: Transition[] = []
  /** True while no two changes went live together. */
  areSingle = true
  #inSteps: Shard
  readonly #atOnce: Shard
  readonly #stored = new Stored()

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

  reopen(): void {
    this.#inSteps = this.#stored.reopen(this.#inSteps)
    expect(standing(this.#inSteps)).toEqual(standing(this.#atOnce))
  }

  #follow(before: ReadonlyMap<string, DefinitionSource>, receivedAt: number): void {
    const after = defined(this.#inSteps)
    const { definitions } = this.#inSteps
    const gone = [...before.values()].filter(({ key, type }) => !definitions.find(key, type))
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
  fc.assert(property, propertyRuns(300))
})

function run({ definitions, inputs }: Scenario, all: readonly Change[], between: readonly Steps[]): Pair {
  const late = new Set(all.filter(({ kind }) => kind === 'define').map(({ which }) => which % definitions.length))
  const pair = new Pair(definitions.filter((_, index) => !late.has(index)))
  for (let index = 0; index <= inputs.length; index++) {
    const input = inputs[index]
    const receivedAt = Math.max(pair.clock, input?.receivedAt ?? 0)
    for (const change of all.filter(({ where }) => where % (inputs.length + 1) === index)) {
      const slice: Slice = { actors: 1, rows: 2, events: 1_000 }
      pair.apply({ kind: 'command', receivedAt, command: { ...commandOf(change, definitions), slice } as Command })
    }
    if (input) pair.apply(entryOf(input))
    const { actors, rows: looked, count, isReopened } = between[index % between.length]!
    for (let step = 0; step < count; step++) pair.proceed({ actors, rows: looked, events: 1_000 })
    if (isReopened) pair.reopen()
  }
  while (pair.isUnderWay) pair.proceed({ actors: 2, rows: 3, events: 1_000 })
  pair.apply({ kind: 'tick', receivedAt: pair.clock + 1 })
  return pair
}
