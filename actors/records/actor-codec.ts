/**
 * Encodes an actor as bytes, without what follows from the rest, and back into a row. The bytes can be read with the
 * shard's table of names and under the same definitions. `encode(decode(bytes))` gives the same bytes.
 */
import type { ExternalId } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { ActorStore } from '../actor/actor-store.ts'
import { EventReader, Scratch, writeValue } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { FLAGS, IS_ANONYMOUS, IS_UNBUILT, MERGES, SEEN_AT } from '../rows/row.ts'
import { Traits } from '../rows/traits.ts'
import { ForgottenTotals, type ForgottenTotalsState } from '../streams/forgotten-totals.ts'
import { ACCOUNT, type ActorFrame, USER, type ValueParts, writeFrame } from './actor-frame.ts'

const scratch = new Scratch()

/** Encodes the actor of an ordinal, which must be in memory. */
export function encodeActor(store: ActorStore, ordinal: number, isAccount: boolean): Buffer {
  const row = store.rows.at(ordinal)
  const values = valuesOf(store, row, isAccount)
  const { doubles, ints } = store.memory.state
  if (isAccount) {
    const users = store.links.keys(row).flatMap((user, index) => [user, store.links.number(row, index)])
    return writeFrame({ kind: ACCOUNT, ordinal, groupId: store.ids.readTexts(row)[0]!, users, ...values })
  }
  return writeFrame({
    kind: USER,
    ordinal,
    ids: store.ids.readTexts(row),
    mergeCount: ints[(row + MERGES) * 2 + 1]!,
    seenAt: doubles[row + SEEN_AT]!,
    accounts: store.links.keys(row),
    history: store.histories.toBytes(row),
    ...values,
  })
}

function valuesOf(store: ActorStore, row: number, isAccount: boolean): ValueParts {
  scratch.length = 0
  const origins: (number | string)[] = []
  const traits: number[] = []
  for (const { key, value, ts, arrival, sourceId } of store.traits.read(row).entries()) {
    writeValue(scratch, NO_NAMES, key)
    writeValue(scratch, NO_NAMES, value)
    // Traits of one call mostly stand side by side.
    if (origins.at(-2) !== arrival || origins.at(-3) !== ts) origins.push(ts, arrival, sourceId)
    traits.push(origins.length / 3 - 1)
  }
  const defined: number[] = []
  for (const id of store.values.ids(row)) {
    const { value, sequence, changedAt, hasBeenOne } = store.values.read(store.values.find(row, id))
    writeValue(scratch, NO_NAMES, value)
    defined.push(id, sequence, changedAt, hasBeenOne ? 1 : 0)
  }
  const older = isAccount ? undefined : store.older.read(row)
  if (older) writeValue(scratch, NO_NAMES, older.state() as unknown as JsonValue)
  const values = Buffer.from(scratch.bytes.subarray(0, scratch.length))
  return { origins, traits, defined, hasOlder: older !== undefined, values }
}

/** Writes an actor into a new row, without its states, which are computed when they are first needed. */
export function decodeActor(store: ActorStore, frame: ActorFrame): void {
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
}
