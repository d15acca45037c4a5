/** An entry of the journal as the engine takes it. */
import type { CallOutcome } from '../actors/applied.ts'
import type { Registry } from './control-api/registry.ts'
import type { SpaceCommand } from './control-api/record.ts'
import { parseBody, readRequest } from './ingest/read-request.ts'
import type { ReadEntry } from '../actors/residency.ts'
import type { CheckedCall } from './model/entry.ts'
import type { JournalEntry, JournalRequest } from './persistence/journal.ts'
import type { Submission } from './persistence/writer.ts'

export type Outcomes = readonly CallOutcome[]

/** Who waits for an entry to be applied. */
export type Waiting = Submission<SpaceCommand, Outcomes>

/** With the entry of the journal that it stands for. */
export type DurableEntry = ReadEntry & {
  readonly journalled: JournalEntry<SpaceCommand>
  readonly waiting: readonly Waiting[]
}

/** @param waiting have its calls, read once already; from the journal alone, they are read anew */
export function durableEntry(
  journalled: JournalEntry<SpaceCommand>,
  registry: Registry,
  waiting?: readonly Waiting[],
): DurableEntry {
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
      const { command: other } = journalled
      return { kind: 'tick', ...rest, ...(other.kind === 'sync step' && { looksAt: other }) }
    }
  }
}

function callsOf({ endpoint, sourceId, body }: JournalRequest): CheckedCall[] {
  return readRequest(endpoint, parseBody(body)).calls.map(({ call }) => ({ call, sourceId }))
}
