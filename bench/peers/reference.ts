/** The engine's transitions over a workload, as the truth that peers are held against. */
import { type Calls, parseChunk } from '../harness/calls.ts'
import type { Change } from '../harness/subject.ts'
import { LiveEngine } from './live-engine.ts'
import { type AnswersDigest, applyChange, digestOf, noAnswers } from './peer.ts'

export interface Reference {
  /** In order of time. */
  readonly changes: readonly Change[]
  /** Instants of those that time alone causes. */
  readonly timed: readonly number[]
}

export function referenceOf(calls: Calls): Reference {
  const engine = new LiveEngine(calls)
  const changes: Change[] = []
  const timed: number[] = []
  for (const chunk of calls.chunks)
    for (const entry of parseChunk(chunk)) {
      while (engine.isDueBefore(entry.receivedAt))
        for (const change of engine.tick()) {
          changes.push(change)
          timed.push(change.at)
        }
      for (const change of engine.apply(entry)) changes.push(change)
    }
  for (const change of engine.finish(calls.end)) changes.push(change)
  return { changes, timed }
}

/** Answers as of instants, which must ascend; changes at an instant are in them. */
export function digestsAt(changes: readonly Change[], instants: readonly number[]): AnswersDigest[] {
  const answers = noAnswers()
  let place = 0
  return instants.map((instant) => {
    for (; place < changes.length && changes[place]!.at <= instant; place++) applyChange(answers, changes[place]!)
    return digestOf(answers)
  })
}

/** Members at an instant, and those of them and others that a peer has wrong. */
export interface Membership {
  readonly members: number
  readonly wrong: number
}

/**
 * Compares memberships at instants, which must ascend.
 * @param told the changes as the peer tells of them: `at` is when each is visible
 */
export function membershipsAt(
  changes: readonly Change[],
  told: readonly Change[],
  instants: readonly number[],
): Membership[] {
  const differing = new Set<string>()
  const [ours, theirs] = [new Cursor(changes), new Cursor(told)]
  let members = 0
  return instants.map((instant) => {
    for (const { type, key, profile } of ours.until(instant)) {
      members += type === 'entered' ? 1 : -1
      toggle(differing, `${key} ${profile}`)
    }
    for (const { key, profile } of theirs.until(instant)) toggle(differing, `${key} ${profile}`)
    return { members, wrong: differing.size }
  })
}

/** Goes through the changes of audiences: entries and exits alternate, so that each flips what was. */
class Cursor {
  readonly #changes: readonly Change[]
  #place = 0

  constructor(changes: readonly Change[]) {
    this.#changes = changes.filter(({ type }) => type !== 'trait')
  }

  *until(instant: number): Generator<Change> {
    for (; this.#place < this.#changes.length; this.#place++) {
      const change = this.#changes[this.#place]!
      if (change.at > instant) return
      yield change
    }
  }
}

function toggle(places: Set<string>, place: string): void {
  if (!places.delete(place)) places.add(place)
}
