/** Runs a scenario through the engine, as `replay` does, and gives what the oracle gives. */
import { Shard } from '../../actors/engine/shard.ts'
import type { ShardOptions } from '../../actors/engine/shard-state.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { type Entry, isAboutPeople } from '../../src/model/entry.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { OracleInput } from '../oracle/oracle.ts'

export interface Scenario {
  readonly definitions: readonly DefinitionSource[]
  readonly inputs: readonly OracleInput[]
  readonly until?: number
}

export function entryOf(input: OracleInput): Entry {
  switch (input.kind) {
    case 'call':
      return {
        kind: 'calls',
        receivedAt: input.receivedAt,
        calls: [{ body: input.call, sourceId: input.sourceId ?? '' }],
      }
    case 'tick':
      return input
    case 'define':
      return {
        kind: 'command',
        receivedAt: input.receivedAt,
        command: { kind: 'define', definition: input.definition },
      }
    default: {
      const { receivedAt, ...command } = input
      return { kind: 'command', receivedAt, command }
    }
  }
}

/** The entries of a scenario; the last one moves the clock on to its end, inclusively. */
export function entriesOf({ inputs, until }: Scenario): Entry[] {
  const entries = inputs.map(entryOf)
  return until === undefined ? entries : [...entries, { kind: 'tick', receivedAt: until + 1 }]
}

export function runShard(scenario: Scenario, options: ShardOptions = {}): Transition[] {
  const shard = new Shard({ definitions: scenario.definitions, ...options })
  return entriesOf(scenario).flatMap((entry) => [...applyEntry(shard, entry)])
}

/** Applies an entry, as a replay does: a command about somebody who is not there changes nothing. */
export function applyEntry(shard: Shard, entry: Entry): readonly Transition[] {
  if (entry.kind === 'command' && isAboutPeople(entry.command))
    try {
      shard.compile(entry.command, entry.receivedAt)
    } catch (error) {
      if (error instanceof EngineError) return []
      throw error
    }
  return shard.apply(entry).transitions
}

/** One line a transition, sorted: several of one instant have no order among themselves. */
export function rows(transitions: readonly Transition[]): string[] {
  return transitions
    .map(({ at, profile, key, type, value, sequence }) =>
      [new Date(at).toISOString(), profile, key, type, JSON.stringify(value ?? null), sequence].join(' '),
    )
    .sort()
}

/** The engine just after the last input of a scenario: what was due at that very instant has happened for all. */
export function shardAfter(scenario: Scenario): Shard {
  const shard = new Shard({ definitions: scenario.definitions })
  for (const input of scenario.inputs) applyEntry(shard, entryOf(input))
  shard.apply({ kind: 'tick', receivedAt: shard.clock + 1 })
  return shard
}
