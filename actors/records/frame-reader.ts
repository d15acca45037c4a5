/**
 * Reads actors that earlier versions have stored, as frames without states: these are computed when they are needed.
 */
import type { ExternalId } from '../../src/model/external-id.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import { EventReader } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { COUNTED_SINCE, FLAGS, IS_ANONYMOUS, IS_UNBUILT, MERGES, SEEN_AT } from '../rows/row.ts'
import { Traits } from '../rows/traits.ts'
import { ForgottenTotals, type ForgottenTotalsState } from '../streams/forgotten-totals.ts'
import { type ActorFrame, USER } from './actor-frame.ts'

/** Writes an actor into a new row. */
export function readActorOfFrame(store: ActorStore, frame: ActorFrame): void {
  const { ordinal } = frame
  const row = store.rows.create(ordinal, IS_UNBUILT)
  const { doubles, ints } = store.memory.state
  if (frame.kind === USER) {
    const ids: ExternalId[] = []
    for (let at = 0; at < frame.ids.length; at += 2) ids.push({ type: frame.ids[at]!, value: frame.ids[at + 1]! })
    store.ids.write(row, ids, store.rules)
    const isAnonymous = ids.every(({ type }) => type === 'anonymous_id')
    if (isAnonymous) ints[(row + FLAGS) * 2]! |= IS_ANONYMOUS
    ints[(row + MERGES) * 2 + 1] = frame.mergeCount
    doubles[row + SEEN_AT] = frame.seenAt
    for (const account of frame.accounts) store.links.add(row, account, 0)
    store.histories.setBytes(row, frame.history)
  } else {
    store.ids.writeTexts(row, `group_id:${frame.groupId}`, [frame.groupId])
    for (let at = 0; at < frame.users.length; at += 2) store.links.add(row, frame.users[at]!, frame.users[at + 1]!)
  }
  decodeValues(store, row, frame)
}

function decodeValues(store: ActorStore, row: number, frame: ActorFrame): void {
  const { origins, traits, defined, hasOlder } = frame
  const reader = new EventReader(Buffer.from(frame.values), NO_NAMES)
  const held = new Traits()
  for (const origin of traits) {
    const key = reader.value() as string
    const [ts, arrival, sourceId] = origins.slice(origin * 3, origin * 3 + 3) as [number, number, string]
    held.set({ key, value: reader.value(), ts, arrival, sourceId })
  }
  if (traits.length > 0) store.traits.write(row, held)
  for (let at = 0; at < defined.length; at += 4) {
    const [id, sequence, changedAt, hasBeenOne] = defined.slice(at, at + 4) as [number, number, number, number]
    store.values.restore(frame.ordinal, id, {
      value: reader.value(),
      sequence,
      changedAt,
      hasBeenOne: hasBeenOne === 1,
    })
  }
  if (!hasOlder || frame.kind !== USER) return
  const state: unknown = reader.value()
  store.older.write(row, ForgottenTotals.fromState(state as ForgottenTotalsState))
  store.memory.state.doubles[row + COUNTED_SINCE] = store.older.keptSince(row)
}
