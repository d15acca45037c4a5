/** The engine as a server runs it: a tick comes as soon as something is due, however long the next call takes. */
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import { DEFINITIONS } from '../engine/definitions.ts'
import type { Calls } from '../harness/calls.ts'
import { engineSubject } from '../harness/engine-subject.ts'
import type { Change } from '../harness/subject.ts'

export class LiveEngine {
  readonly #subject

  constructor(calls: Pick<Calls, 'duplicateCount'>) {
    this.#subject = engineSubject(DEFINITIONS, calls as Calls)
  }

  /** True if something is due by time alone before the instant. */
  isDueBefore(instant: number): boolean {
    return this.#subject.shard.nextDue() < instant
  }

  /** Fires what is due next. */
  tick(): readonly Change[] {
    const { shard } = this.#subject
    return shard.apply({ kind: 'tick', receivedAt: shard.nextDue() + 1 }).transitions
  }

  /** Applies one call; nothing may be due before it. */
  apply(entry: CallsEntry<RawCall>): readonly Change[] {
    const changes: Change[] = []
    void this.#subject.apply([entry], changes)
    return changes
  }

  /** Throws unless as many duplicates were found as there are. */
  finish(until: number): readonly Change[] {
    const changes: Change[] = []
    void this.#subject.finish(until, changes)
    return changes
  }
}
