/**
 * Encodes an actor as bytes, without what follows from the rest, and back. The bytes can be read with the shard's table
 * of names and under the same definitions. `encode(decode(bytes))` gives the same bytes.
 */
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { AccountActor } from '../actor/account-actor.ts'
import type { SettlementSink } from '../actor/actor.ts'
import { ACCOUNT, type AccountFrame, type ActorFrame, USER, type UserFrame, writeFrame } from './actor-frame.ts'
import type { ValueParts } from './actor-frame.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { EventReader, Scratch, writeValue } from '../history/event-codec.ts'
import { History, type HistoryStore } from '../history/history.ts'
import type { Account, User } from '../actor/message.ts'
import { ForgottenTotals, type ForgottenTotalsState } from '../streams/forgotten-totals.ts'
import { NameTable } from '../history/name-table.ts'
import type { Plans } from '../compiler/compile.ts'
import { ProfileActor } from '../actor/profile-actor.ts'

const scratch = new Scratch()

/** Writes the keys of traits and of definitions in full: writing them must not add to the shard's table. */
const NAMES_IN_FULL = new NameTable(0)

export function encodeActor(actor: SpaceActor): Buffer {
  const { ordinal } = actor
  const values = valuesOf(actor)
  return writeFrame(
    actor.kind === 'user'
      ? {
          kind: USER,
          ordinal,
          ids: actor.ids.flatMap(({ type, value }) => [type, value]),
          mergeCount: actor.mergeCount,
          seenAt: actor.seenAt,
          accounts: [...actor.accounts].map((account) => account.ordinal),
          history: actor.history.toBytes(),
          ...values,
        }
      : { kind: ACCOUNT, ordinal, groupId: actor.groupId, users: [...actor.users].flat(), ...values },
  )
}

function valuesOf(actor: SpaceActor): ValueParts {
  scratch.length = 0
  const origins: (number | string)[] = []
  const traits: number[] = []
  for (const { key, value, ts, arrival, sourceId } of actor.traits.entries()) {
    writeValue(scratch, NAMES_IN_FULL, key)
    writeValue(scratch, NAMES_IN_FULL, value)
    // Traits of one call mostly stand side by side.
    if (origins.at(-2) !== arrival || origins.at(-3) !== ts) origins.push(ts, arrival, sourceId)
    traits.push(origins.length / 3 - 1)
  }
  const defined: number[] = []
  const items = actor.defined.items()
  for (const [index, id] of actor.defined.ids().entries()) {
    const { value, sequence, changedAt, hasBeenOne } = items[index]!
    writeValue(scratch, NAMES_IN_FULL, value)
    defined.push(id, sequence, changedAt, hasBeenOne ? 1 : 0)
  }
  const older = actor.kind === 'user' ? actor.older : undefined
  if (older) writeValue(scratch, NAMES_IN_FULL, older.state() as unknown as JsonValue)
  const values = Buffer.from(scratch.bytes.subarray(0, scratch.length))
  return { origins, traits, defined, hasOlder: older !== undefined, values }
}

export interface ActorDecoderOptions {
  readonly sink: SettlementSink
  readonly store: HistoryStore
  readonly rules: IdentityRules
  readonly userAt: (ordinal: number) => User
  readonly accountAt: (ordinal: number) => Account
}

export class ActorDecoder {
  readonly #options: ActorDecoderOptions

  constructor(options: ActorDecoderOptions) {
    this.#options = options
  }

  /** Makes the actor, without what follows from its bytes; the accounts of a user must be there. */
  actorOf(frame: ActorFrame, plans: Plans): SpaceActor {
    const actor = frame.kind === USER ? this.#user(frame, plans) : this.#account(frame, plans)
    const { origins, traits, defined, hasOlder } = frame
    const reader = new EventReader(Buffer.from(frame.values), NAMES_IN_FULL)
    for (const origin of traits) {
      const key = reader.value() as string
      const [ts, arrival, sourceId] = origins.slice(origin * 3, origin * 3 + 3) as [number, number, string]
      actor.writableTraits().set({ key, value: reader.value(), ts, arrival, sourceId }, () => undefined)
    }
    for (let at = 0; at < defined.length; at += 4) {
      const [id, sequence, changedAt, hasBeenOne] = defined.slice(at, at + 4) as [number, number, number, number]
      const value: JsonValue = reader.value()
      actor.defined.set(id, { value, sequence, changedAt, hasBeenOne: hasBeenOne === 1, settlement: 0 })
    }
    if (hasOlder && actor.kind === 'user') {
      const state: unknown = reader.value()
      actor.older = ForgottenTotals.fromState(state as ForgottenTotalsState)
    }
    return actor
  }

  #user({ ordinal, ids, mergeCount, seenAt, accounts, history }: UserFrame, plans: Plans): ProfileActor {
    const { sink, store, rules, accountAt } = this.#options
    const user = new ProfileActor(ordinal, plans.user, sink, store, rules)
    user.nameBy(ids)
    user.mergeCount = mergeCount
    user.seenAt = seenAt
    user.history = History.fromBytes(history, store)
    for (const account of accounts) user.joinAccount(accountAt(account))
    return user
  }

  #account({ ordinal, groupId, users }: AccountFrame, plans: Plans): AccountActor {
    const { sink, userAt } = this.#options
    const account = new AccountActor({ ordinal, plan: plans.account, sink, groupId, userAt })
    for (let at = 0; at < users.length; at += 2) account.users.set(users[at]!, users[at + 1]!)
    return account
  }
}
