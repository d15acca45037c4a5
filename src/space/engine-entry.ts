/** Turns an entry of the journal into what the engine takes: computed once, then carried through the pipeline. */
import type { CallOutcome, CompiledCommand } from '../../actors/engine/applied.ts'
import type { ReadEntry } from '../../actors/engine/resident-pages.ts'
import type { Shard } from '../../actors/engine/shard.ts'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import type { JournalEntry, JournalRequest } from '../journal/journal.ts'
import type { Submission } from '../journal/writer.ts'
import type { DefinitionSource } from '../model/definition.ts'
import type { CheckedCall } from '../model/entry.ts'
import type { IdentityRules } from '../model/external-id.ts'
import { parseBody, readRequest } from '../model/read-request.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { Registry } from './registry.ts'

export type Outcomes = readonly CallOutcome[]

/** A request or command that waits until its entry is applied. */
export type Waiting = Submission<SpaceCommand, Outcomes>

/** An entry as the engine takes it, with the entry of the journal that it comes from. */
export type EngineEntry = ReadEntry & {
  readonly journalled: JournalEntry<SpaceCommand>
  readonly waiting: readonly Waiting[]
  readonly compiled?: CompiledCommand['compiled']
}

/** The space before the entry: what decides how the entry is read. */
export interface SpaceBefore {
  readonly shard: Pick<Shard, 'identityRules' | 'changeover'>
  readonly registry: Registry
  readonly outbox: SpaceOutbox
}

/**
 * Reads an entry; all entries before it must be applied.
 * @param waiting requests that wait, with their calls as they were read when they came in; without them, as after a
 *   restart, the calls are read from the journal, by the rules that held then
 */
export function toEngineEntry(
  journalled: JournalEntry<SpaceCommand>,
  { shard, registry, outbox }: SpaceBefore,
  waiting?: readonly Waiting[],
): EngineEntry {
  const { areUsersTold } = outbox
  const common = { receivedAt: journalled.receivedAt, journalled, waiting: waiting ?? [], areUsersTold }
  switch (journalled.kind) {
    case 'requests': {
      const calls = waiting ? callsThatWait(waiting) : callsOf(journalled.requests, shard.identityRules)
      return { kind: 'calls', calls, ...common }
    }
    case 'tick':
      return { kind: 'tick', ...common }
    case 'command': {
      const isKnown = ({ key, type }: DefinitionSource): boolean => shard.changeover.intended.has(key, type)
      const command = registry.engineCommand(journalled.command, isKnown)
      if (command) return { kind: 'command', command, ...common }
      return { kind: 'tick', ...common, looksAt: pagesLookedAt(journalled.command, outbox) }
    }
  }
}

function callsThatWait(waiting: readonly Waiting[]): CheckedCall[] {
  return waiting.flatMap(({ part }) => (part.kind === 'request' ? part.calls : []))
}

function callsOf(requests: readonly JournalRequest[], rules: IdentityRules): CheckedCall[] {
  return requests.flatMap(({ endpoint, sourceId, body }) =>
    readRequest(endpoint, parseBody(body), rules).calls.map(({ call }) => ({ call, sourceId })),
  )
}

/** Pages of the actors that the outbox looks at because of a command. */
function pagesLookedAt(command: SpaceCommand, outbox: SpaceOutbox): number[] {
  switch (command.kind) {
    case 'sync step':
      return Array.from({ length: command.to - command.from }, (_, index) => command.from + index)
    case 'resend': {
      const failures = outbox.destination(command.destinationId)?.failures.of(command.numbers) ?? []
      return failures.map(({ delivery }) => Math.floor(delivery.owner / PAGE_ACTORS))
    }
    default:
      return []
  }
}
