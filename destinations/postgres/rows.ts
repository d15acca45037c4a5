/**
 * Puts changes into rows: one for each definition and id. Where a batch has several changes of one row, they are
 * written one after the other, in rounds: the row in the table may know some of them already. Batches of the server
 * have one round: there, all calls about an id are of one change.
 */
import type { ExternalId } from '../../src/model/external-id.ts'
import type { TableChange } from './changes.ts'

/** A row of memberships or traits, as one change makes it. */
export interface TableRow {
  readonly id: ExternalId
  /** The last message of it. */
  readonly change: TableChange
  /** Ids of other messages of the same change, the latest first: of identify and track, for example. */
  readonly earlierMessageIds: readonly string[]
}

/**
 * Returns rows to be written at once, then those to be written after them, and so on. Each row is in a round once.
 * Older comes first: by the age of the definition, then by the instant, then by the order in which they came.
 * @param changes all of one kind
 */
export function roundsOf(changes: readonly TableChange[]): TableRow[][] {
  const rounds: TableRow[][] = []
  for (const { id, changes: ofRow } of byRow(changes))
    for (const [index, row] of rowsOf(id, inOrder(ofRow)).entries()) (rounds[index] ??= []).push(row)
  return rounds
}

interface ChangesOfRow {
  readonly id: ExternalId
  readonly changes: TableChange[]
}

function byRow(changes: readonly TableChange[]): Iterable<ChangesOfRow> {
  const found = new Map<string, ChangesOfRow>()
  for (const change of changes)
    for (const id of change.ids) {
      const name = [change.key, change.space, id.type, id.value].join('\0')
      const held = found.get(name)
      if (held) held.changes.push(change)
      else found.set(name, { id, changes: [change] })
    }
  return found.values()
}

/** A message that comes again counts where it came first. */
function inOrder(changes: readonly TableChange[]): readonly TableChange[] {
  if (changes.length === 1) return changes
  const firsts = new Map<string, TableChange>()
  for (const change of changes) if (!firsts.has(change.messageId)) firsts.set(change.messageId, change)
  return [...firsts.values()].sort((a, b) => {
    if (a.definitionId === b.definitionId) return a.at - b.at
    return a.definitionId < b.definitionId ? -1 : 1
  })
}

function rowsOf(id: ExternalId, changes: readonly TableChange[]): TableRow[] {
  const rows: TableRow[] = []
  for (const change of changes) {
    const last = rows.at(-1)
    if (last && isSame(last.change, change)) {
      const earlierMessageIds = [last.change.messageId, ...last.earlierMessageIds]
      rows[rows.length - 1] = { id, change, earlierMessageIds }
    } else rows.push({ id, change, earlierMessageIds: [] })
  }
  return rows
}

function isSame(a: TableChange, b: TableChange): boolean {
  return a.definitionId === b.definitionId && a.at === b.at && JSON.stringify(a.value) === JSON.stringify(b.value)
}
