/**
 * The subject of a bench: anything that takes the calls and says which transitions they cause.
 * Parsing is left out of the cost, and so is looking at the transitions.
 */
import { createHash } from 'node:crypto'
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { type Calls, parseChunk } from './calls.ts'
import { type Cost, Stopwatch } from './cost.ts'

export type Change = Omit<Transition, 'sequence'>

export interface Subject {
  /** Takes up the calls of one chunk and appends what they cause. */
  apply(entries: readonly CallsEntry<RawCall>[], out: Change[]): void | Promise<void>
  /** Time goes on to the instant, inclusively. */
  finish(until: number, out: Change[]): void | Promise<void>
}

export interface Outcome {
  readonly cost: Cost
  readonly changeCount: number
  /** Digest of every `(at, type, key, profile, value)`, in order. */
  readonly fingerprint: string
  /** The state at the end: value by key and profile, without those that are false or absent. */
  readonly standing: ReadonlyMap<string, JsonValue>
}

export async function run(subject: Subject, calls: Calls, until: number): Promise<Outcome> {
  const stopwatch = new Stopwatch()
  const hash = createHash('sha256')
  const standing = new Map<string, JsonValue>()
  let changeCount = 0
  const note = (changes: readonly Change[]): void => {
    changeCount += changes.length
    for (const change of changes) {
      hash.update(`${change.at} ${change.type} ${change.key} ${change.profile} ${JSON.stringify(change.value)}\n`)
      stand(standing, change)
    }
  }
  for (const chunk of calls.chunks) {
    const entries = parseChunk(chunk)
    const changes: Change[] = []
    stopwatch.start()
    await subject.apply(entries, changes)
    stopwatch.stop()
    note(changes)
  }
  const changes: Change[] = []
  stopwatch.start()
  await subject.finish(until, changes)
  stopwatch.stop()
  note(changes)
  return { cost: stopwatch.cost, changeCount, fingerprint: hash.digest('hex'), standing }
}

function stand(standing: Map<string, JsonValue>, { type, key, profile, value }: Change): void {
  const holds = type === 'trait' ? value : type === 'entered'
  const place = `${key} ${profile}`
  if (holds === undefined || holds === null || holds === false) standing.delete(place)
  else standing.set(place, holds)
}

/** Throws where two say different things about the end. */
export function assertSameStanding(a: Outcome, b: Outcome, name: string): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const)
    for (const [place, value] of one.standing)
      if (other.standing.get(place) !== value)
        throw new Error(
          `${name}: ${place} is ${JSON.stringify(value)} on one side, ${JSON.stringify(other.standing.get(place))} on the other`,
        )
}

/** Throws unless all runs gave the same, transition for transition. */
export function assertSameChanges(outcomes: readonly Outcome[], name: string): void {
  const first = outcomes[0]!
  if (first.changeCount === 0) throw new Error(`${name}: no transition at all`)
  for (const { fingerprint, changeCount } of outcomes)
    if (fingerprint !== first.fingerprint)
      throw new Error(`${name}: ${changeCount} transitions differ from ${first.changeCount} of another run`)
}
