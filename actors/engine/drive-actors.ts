/** The engine as an RxJS operator: committed entries in, their results out; one `next` for each entry, in order. */
import { map, type OperatorFunction } from 'rxjs'
import type { Applied, AppliedEntry } from './applied.ts'
import type { Shard } from './shard.ts'

export interface Commit<E extends AppliedEntry = AppliedEntry> extends Applied {
  readonly entry: E
}

/**
 * Routes each call of an entry to its actor and settles: users, then accounts, then the users that account audiences
 * reach. The entries must come in the journal's order. A command that breaks a rule ends the stream with its error:
 * commands are checked before they are journalled.
 */
export function driveActors<E extends AppliedEntry>(shard: Shard): OperatorFunction<E, Commit<E>> {
  return map((entry) => ({ entry, ...shard.apply(entry) }))
}
