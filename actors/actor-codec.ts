/**
 * An actor as bytes and back: what it is, without what follows from that. The bytes can be read with the shard's table
 * of names and under the same definitions. `encode(decode(bytes))` gives the same bytes.
 */
import { pack, unpack } from 'msgpackr'
import type { IdentityRules } from '../src/model/external-id.ts'
import type { JsonValue } from '../src/model/transition.ts'
import { AccountActor } from './account-actor.ts'
import type { SettlementSink } from './actor.ts'
import type { SpaceActor } from './space-actor.ts'
import { EventReader, Scratch, writeValue } from './event-codec.ts'
import { History, type HistoryStore } from './history.ts'
import { Older, type OlderState } from './older.ts'
import { Names } from './names.ts'
import type { Plan } from './plan/plan.ts'
import { ProfileActor } from './profile-actor.ts'

/** Values stand apart, packed as those of events are: every JSON value comes back as it was. */
interface Common {
  readonly ordinal: number
  readonly traits: readonly (readonly [ts: number, arrival: number, sourceId: string])[]
  readonly defined: readonly (readonly [id: number, sequence: number, changedAt: number, hasBeenOne: boolean])[]
  /** Whether the last of the values is what forgotten events have left. */
  readonly hasOlder: boolean
  /** Keys and values of the traits, then the values of what is defined. */
  readonly values: Uint8Array
}

type Encoded =
  | (Common & {
      readonly kind: 'user'
      readonly ids: readonly (readonly [type: string, value: string])[]
      readonly mergeCount: number
      /** Ordinals, in the order in which they were linked. */
      readonly accounts: readonly number[]
      readonly history: Uint8Array
    })
  | (Common & {
      readonly kind: 'account'
      readonly groupId: string
      readonly users: readonly (readonly [ordinal: number, linkedAt: number])[]
    })

const scratch = new Scratch()

/** Traits and values of definitions name their keys in full: to write them must not add to the shard's table. */
const IN_FULL = new Names(0)

export function encodeActor(actor: SpaceActor): Uint8Array {
  const common = encodeCommon(actor)
  const encoded: Encoded =
    actor.kind === 'user'
      ? {
          ...common,
          kind: 'user',
          ids: actor.ids.map(({ type, value }) => [type, value] as const),
          mergeCount: actor.mergeCount,
          accounts: [...actor.accounts].map((account) => account.ordinal),
          history: actor.history.toBytes(),
        }
      : {
          ...common,
          kind: 'account',
          groupId: actor.groupId,
          users: [...actor.users].map(([user, linkedAt]) => [user.ordinal, linkedAt] as const),
        }
  return pack(encoded)
}

function encodeCommon(actor: SpaceActor): Common {
  scratch.length = 0
  const traits = [...actor.traits.entries()].map(({ key, value, ts, arrival, sourceId }) => {
    writeValue(scratch, IN_FULL, key)
    writeValue(scratch, IN_FULL, value)
    return [ts, arrival, sourceId] as const
  })
  const items = actor.defined.items()
  const defined = actor.defined.ids().map((id, index) => {
    const { value, sequence, changedAt, hasBeenOne } = items[index]!
    writeValue(scratch, IN_FULL, value)
    return [id, sequence, changedAt, hasBeenOne] as const
  })
  const older = actor.kind === 'user' ? actor.older : undefined
  if (older) writeValue(scratch, IN_FULL, older.state() as unknown as JsonValue)
  const values = Buffer.from(scratch.bytes.subarray(0, scratch.length))
  return { ordinal: actor.ordinal, traits, defined, hasOlder: older !== undefined, values }
}

/** Decodes the actors of one shard, and then links users and accounts to one another. */
export class ActorDecoder {
  readonly #plans: { readonly user: Plan; readonly account: Plan }
  readonly #sink: SettlementSink
  readonly #store: HistoryStore
  readonly #rules: IdentityRules
  readonly #links: ((actorOf: (ordinal: number) => SpaceActor | undefined) => void)[] = []

  constructor(
    plans: { readonly user: Plan; readonly account: Plan },
    sink: SettlementSink,
    store: HistoryStore,
    rules: IdentityRules,
  ) {
    this.#plans = plans
    this.#sink = sink
    this.#store = store
    this.#rules = rules
  }

  decode(bytes: Uint8Array): SpaceActor {
    const encoded = unpack(bytes) as Encoded
    const actor = encoded.kind === 'user' ? this.#user(encoded) : this.#account(encoded)
    const reader = new EventReader(Buffer.from(encoded.values), IN_FULL)
    for (const [ts, arrival, sourceId] of encoded.traits) {
      const key = reader.value() as string
      actor.writableTraits().set({ key, value: reader.value(), ts, arrival, sourceId }, () => undefined)
    }
    for (const [id, sequence, changedAt, hasBeenOne] of encoded.defined) {
      const value: JsonValue = reader.value()
      actor.defined.set(id, { value, sequence, changedAt, hasBeenOne, settlement: 0 })
    }
    if (encoded.hasOlder && actor.kind === 'user') {
      const state: unknown = reader.value()
      actor.older = Older.fromState(state as OlderState)
    }
    return actor
  }

  /** After the last actor: users find their accounts, and accounts their users. */
  link(actorOf: (ordinal: number) => SpaceActor | undefined): void {
    for (const link of this.#links) link(actorOf)
  }

  #user({ ordinal, ids, mergeCount, accounts, history }: Extract<Encoded, { kind: 'user' }>): ProfileActor {
    const user = new ProfileActor(ordinal, this.#plans.user, this.#sink, this.#store, this.#rules)
    for (const [type, value] of ids) user.addId({ type, value })
    user.mergeCount = mergeCount
    user.history = History.fromBytes(history, this.#store)
    this.#links.push((actorOf) => {
      for (const ordinal of accounts) {
        const account = actorOf(ordinal)
        if (account?.kind !== 'account')
          throw new Error(`user ${user.ordinal} belongs to ${ordinal}, which is no account`)
        user.joinAccount(account)
      }
    })
    return user
  }

  #account({ ordinal, groupId, users }: Extract<Encoded, { kind: 'account' }>): AccountActor {
    const account = new AccountActor(ordinal, this.#plans.account, this.#sink, groupId)
    this.#links.push((actorOf) => {
      for (const [userOrdinal, linkedAt] of users) {
        const user = actorOf(userOrdinal)
        if (user?.kind !== 'user') throw new Error(`account ${ordinal} has ${userOrdinal}, which is no user`)
        account.users.set(user, linkedAt)
      }
    })
    return account
  }
}
