/** The engine as a subject of a bench. */
import { Shard } from '../../actors/engine/shard.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { Calls } from './calls.ts'
import type { Subject } from './subject.ts'

export interface EngineSubject extends Subject {
  readonly shard: Shard
}

/** Throws, while it runs, for a call that is not applied, and unless it finds as many duplicates as there are. */
export function engineSubject(definitions: readonly DefinitionSource[], { duplicateCount }: Calls): EngineSubject {
  const shard = new Shard({ definitions, memory: LARGE_MEMORY })
  let duplicates = 0
  return {
    shard,
    apply(entries, out) {
      for (const entry of entries) {
        const { transitions, outcomes } = shard.apply(entry)
        const { kind } = outcomes[0]!
        if (kind === 'duplicate') duplicates++
        else if (kind !== 'applied') throw new Error(`a call was ${kind}`)
        for (const transition of transitions) out.push(transition)
      }
    },
    finish(until, out) {
      for (const transition of shard.apply({ kind: 'tick', receivedAt: until + 1 }).transitions) out.push(transition)
      if (duplicates !== duplicateCount) throw new Error(`found ${duplicates} duplicates of ${duplicateCount}`)
    },
  }
}
