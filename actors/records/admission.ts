/** Puts stored actors into their rows. */
import type { ActorStore } from '../actor/actor-store.ts'
import { EventReader } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { DUE_AT } from '../rows/row.ts'
import { ACCOUNT, readFrame } from './actor-frame.ts'
import { type ReadActor, readRecord } from './actor-record.ts'
import { readActorOfFrame } from './frame-reader.ts'
import type { StoredActor } from './page-codec.ts'

/** @param areStatesValid false if states were written by other layouts than those of the present plans */
export function admit(store: ActorStore, stored: StoredActor, areStatesValid: boolean): ReadActor {
  if (stored.kind === 'record') return readRecord(store, new EventReader(stored.bytes, NO_NAMES), areStatesValid)
  const frame = readFrame(stored.bytes)
  readActorOfFrame(store, frame)
  const { ordinal } = frame
  if (stored.dueAt !== undefined) store.memory.state.doubles[store.rows.at(ordinal) + DUE_AT] = stored.dueAt
  return { ordinal, isAccount: frame.kind === ACCOUNT, dueAt: stored.dueAt }
}
