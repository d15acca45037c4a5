/** Faults at any step of a settlement: what was taken back must not show in anything that comes after it. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import { WriteBarrier } from '../../../actors/memory/write-barrier.ts'
import { DefinedValues } from '../../../actors/rows/defined-values.ts'
import { Rows } from '../../../actors/rows/rows.ts'
import { type Entry, isAboutPeople } from '../../../src/model/entry.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { everyScenario } from '../../support/generators/calls.ts'
import { bytesOf } from '../../support/reopened.ts'
import { entriesOf } from '../../support/run-shard.ts'
import { propertyRuns } from '../../support/runs.ts'

/** A definition of each kind of state; some are added to those that are drawn. */
const KINDS = [
  "event('Viewed').unique(property('category'))",
  "event('Viewed').mode(property('price'))",
  "event('Ordered').within(1 day).unique(property('price')).count()",
  "event('Ordered').within(1 day).mode(property('category'), 2)",
  "event('Viewed').between(1 hour, 1 day).unique(property('category'))",
  "event('Ordered').between(1 hour, 1 day).sum(property('price'))",
  "event('Viewed').min(property('category') as string)",
  "event('Ordered').within(1 day).max(property('price'))",
  "event('Viewed').between(1 hour, 1 day).max(property('category') as string)",
  "event('Ordered').last(property('category'))",
  "event('Viewed').within(1 day).first(property('price'))",
  "event('Ordered').between(1 hour, 1 day).last(property('category'))",
  "event('Viewed').expires_after(1 hour).count()",
  "event('Ordered').within(1 day).expires_after(6 hours).sum(property('price'))",
  "event('Viewed').between(1 hour, 1 day).expires_after(6 hours).unique(property('category'))",
].map((query, index) => ({ kind: 'computed_trait', key: `kind_${index}`, type: 'USERS', query }) as const)

const FAULT = new Error('injected')

/** Steps until the next fault; infinite if none is to come. */
let stepsLeft = Infinity
let faults = 0

function step(): void {
  if (stepsLeft-- > 0) return
  stepsLeft = Infinity
  faults++
  throw FAULT
}

const restore: (() => void)[] = []

/** Makes a method a step at which a fault may come, after its work or before it. A spy would keep all its calls. */
function makeStep<Owner extends object>(owner: Owner, name: keyof Owner, when: 'before' | 'after' = 'after'): void {
  const method = owner[name] as (...args: unknown[]) => unknown
  owner[name] = function (this: unknown, ...args: unknown[]) {
    if (when === 'before') step()
    const result = method.apply(this, args)
    if (when === 'after') step()
    return result
  } as Owner[keyof Owner]
  restore.push(() => {
    owner[name] = method as Owner[keyof Owner]
  })
}

beforeEach(() => {
  makeStep(WriteBarrier.prototype, 'touch')
  makeStep(WriteBarrier.prototype, 'touchWords')
  makeStep(WriteBarrier.prototype, 'allocate', 'before')
  makeStep(WriteBarrier.prototype, 'releaseLater')
  makeStep(Rows.prototype, 'addEntry')
  makeStep(DefinedValues.prototype, 'setValue')
})

afterEach(() => {
  for (const undo of restore.splice(0)) undo()
  stepsLeft = Infinity
})

/** Applies an entry again and again until no fault comes; a deadline that is due before it has fired already. */
function applyInSpite(shard: Shard, entry: Entry, nextFault: () => number): readonly Transition[] {
  const before = [...shard.apply({ kind: 'tick', receivedAt: Math.max(shard.clock, entry.receivedAt) }).transitions]
  if (entry.kind === 'tick') return before
  // A command about people goes on without those that are due with it, where these fail.
  const isLenient = entry.kind === 'command' && isAboutPeople(entry.command) && shard.nextDue() <= shard.clock
  for (let tries = 0; tries < 20; tries++) {
    stepsLeft = tries < 19 && !isLenient ? nextFault() : Infinity
    const bytes = bytesOf(shard)
    const transitions = attempt(shard, entry)
    stepsLeft = Infinity
    if (transitions) return [...before, ...transitions]
    expect(bytesOf(shard)).toBe(bytes)
  }
  throw new Error('a fault came though none was to come')
}

/** Returns undefined if a fault came. */
function attempt(shard: Shard, entry: Entry): readonly Transition[] | undefined {
  try {
    const { outcomes, transitions } = shard.apply(entry)
    for (const outcome of outcomes) {
      if (outcome.kind !== 'failed') continue
      if (outcome.cause !== FAULT) throw outcome.cause
      return undefined
    }
    return transitions
  } catch (cause) {
    if (cause !== FAULT) throw cause
    return undefined
  }
}

describe('a settlement that fails at any step', () => {
  it('leaves nothing behind, and succeeds when it is tried again', () => {
    faults = 0
    fc.assert(
      fc.property(
        everyScenario(),
        fc.subarray(KINDS, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(40), { minLength: 5, maxLength: 40 }),
        fc.constantFrom(0, 1, 1000),
        (scenario, kinds, counts, liveStatesMax) => {
          let drawn = 0
          const definitions = [...scenario.definitions, ...kinds]
          const [shard, straight] = [new Shard({ definitions, liveStatesMax }), new Shard({ definitions })]
          for (const entry of entriesOf(scenario)) {
            const transitions = applyInSpite(shard, entry, () => counts[drawn++ % counts.length]!)
            const expected = applyInSpite(straight, entry, () => Infinity)
            expect(JSON.stringify(transitions)).toBe(JSON.stringify(expected))
          }
        },
      ),
      propertyRuns(40),
    )
    expect(faults).toBeGreaterThan(0)
  })
})
