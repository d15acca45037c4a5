/** An entry of the journal as the engine takes it. */
import type { CallOutcome } from '../../actors/engine/applied.ts'
import { PAGE_ACTORS } from '../../actors/memory/pages.ts'
import type { Registry } from './registry.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import { parseBody, readRequest } from '../model/read-request.ts'
import type { ReadEntry } from '../../actors/engine/resident-pages.ts'
import type { CheckedCall } from '../model/entry.ts'
import type { JournalEntry, JournalRequest } from '../journal/journal.ts'
import type { Submission } from '../journal/writer.ts'

export type Outcomes = readonly CallOutcome[]

/** Who waits for an entry to be applied. */
export type Waiting = Submission<SpaceCommand, Outcomes>

/** With the entry of the journal that it stands for. */
export type EngineEntry = ReadEntry & {
  readonly journalled: JournalEntry<SpaceCommand>
  readonly waiting: readonly Waiting[]
}

/** What an entry is applied to, as far as it says whom the entry touches. */
interface Concerned {
  readonly registry: Registry
  readonly outbox: SpaceOutbox
}

/** @param waiting have its calls, read once already; from the journal alone, they are read anew */
export function toEngineEntry(
  journalled: JournalEntry<SpaceCommand>,
  { registry, outbox }: Concerned,
  waiting?: readonly Waiting[],
): EngineEntry {
  const rest = { receivedAt: journalled.receivedAt, journalled, waiting: waiting ?? [] }
  switch (journalled.kind) {
    case 'requests': {
      const calls = waiting
        ? waiting.flatMap(({ part }) => (part.kind === 'request' ? part.calls : []))
        : journalled.requests.flatMap(callsOf)
      return { kind: 'calls', calls, ...rest }
    }
    case 'tick':
      return { kind: 'tick', ...rest }
    case 'command': {
      const command = registry.engineCommand(journalled.command)
      if (command) return { kind: 'command', command, ...rest }
      return { kind: 'tick', ...rest, looksAt: pagesLookedAt(journalled.command, outbox) }
    }
  }
}

function callsOf({ endpoint, sourceId, body }: JournalRequest): CheckedCall[] {
  return readRequest(endpoint, parseBody(body)).calls.map(({ call }) => ({ call, sourceId }))
}

/** Pages of those whom deliveries look at because of a command. */
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
