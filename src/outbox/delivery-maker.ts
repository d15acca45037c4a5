/**
 * From what has changed to deliveries: whom each connection tells, and what.
 *
 * T1. What is told follows from the journal alone: the actors as a settlement left them, and the connections.
 * T2. A settlement tells of a value once: who is named, united or linked by it hears nothing twice.
 */
import type { AccountActor } from '../../actors/actor/account-actor.ts'
import type { DefinedValue } from '../../actors/actor/defined-value.ts'
import type { Account } from '../../actors/actor/message.ts'
import type { ProfileActor } from '../../actors/actor/profile-actor.ts'
import type { Settled } from '../../actors/settlement/settlement-observer.ts'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { SyncScope } from '../model/destination.ts'
import type { JsonObject } from '../model/json.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { JsonValue } from '../model/json.ts'
import { enrichmentOf } from './enrichment.ts'
import type { Connection } from './connection.ts'
import type { Delivery } from './delivery.ts'
import type { SpaceView } from './space-view.ts'

/** A value that is told. */
interface Told {
  readonly value: JsonValue
  readonly sequence: number
  /** Epoch ms. */
  readonly at: number
}

/** The actor whose value is told. */
type Owner = Pick<Account, 'ordinal' | 'label'>

export type NewDelivery = Omit<Delivery, 'number' | 'queuedAt'>

export class DeliveryMaker {
  readonly #connections: () => Iterable<Connection>
  readonly #tell: (delivery: NewDelivery, connection: Connection) => void
  #view: SpaceView
  /** By number of the definition; found anew when definitions or connections have changed. */
  #byDefinition: ReadonlyMap<number, readonly Connection[]> | undefined
  #definitions: object | undefined

  /** @param tell is given every delivery, in order */
  constructor(
    view: SpaceView,
    connections: () => Iterable<Connection>,
    tell: (delivery: NewDelivery, connection: Connection) => void,
  ) {
    this.#view = view
    this.#connections = connections
    this.#tell = tell
  }

  set view(view: SpaceView) {
    this.#view = view
    this.#byDefinition = undefined
  }

  /** Connections have come, gone, or changed. */
  reconnected(): void {
    this.#byDefinition = undefined
  }

  settled({ at, changes, united, named, joined }: Settled): void {
    const connections = this.#connected()
    if (connections.size === 0) return
    const told = new Set<string>()
    for (const { actor, definition, transition } of changes) {
      const concerned = connections.get(definition)
      if (!concerned) continue
      told.add(`${actor.ordinal} ${definition}`)
      const { type, value = null, sequence } = transition
      const change = { value: type === 'trait' ? value : type === 'entered', sequence, at }
      for (const connection of concerned) this.#tellAll(connection, actor, change)
    }
    const heard = new Set<string>()
    const isNews = (user: Owner, owner: Owner, definition: number): boolean => {
      const name = `${user.ordinal} ${owner.ordinal} ${definition}`
      if (told.has(`${owner.ordinal} ${definition}`) || heard.has(name)) return false
      heard.add(name)
      return true
    }
    for (const { survivor, differing } of united) {
      const isToBeTold = (definition: number) => differing.has(definition) && isNews(survivor, survivor, definition)
      // That there is no value is news to the ids of whoever had one.
      this.#tellHeld(survivor, { only: undefined, scope: 'known' }, isToBeTold)
      for (const account of survivor.accounts) this.#tellOfAccount(account, survivor, undefined, isNews)
    }
    for (const { account, user } of joined) this.#tellOfAccount(account, user, undefined, isNews)
    // Those who were told all of it, by all their ids, are not told by the new ones again.
    for (const { user, added } of named) {
      this.#tellHeld(user, { only: added, scope: 'present' }, (definition) => isNews(user, user, definition))
      for (const account of user.accounts) this.#tellOfAccount(account, user, added, isNews)
    }
  }

  /** Everyone on some pages whom a connection concerns; gives how many actors that are. `isCounted`: nobody is told. */
  sync(
    connection: Connection,
    pages: { readonly from: number; readonly to: number },
    { scope, isCounted }: { readonly scope: SyncScope; readonly isCounted: boolean },
  ): number {
    const { type, key, sends } = connection.record
    const definition = this.#view.numberOf(type, key)
    if (definition === undefined) return 0
    let members = 0
    const kind = type === 'USERS' ? 'user' : 'account'
    this.#view.seePages(pages, (actor) => {
      if (actor.kind !== kind) return
      const held = actor.defined.get(definition)
      if (!held || !isTold(held, scope)) return
      members += actor.kind === 'user' || sends.group ? 1 : 0
      if (actor.kind === 'account' && (sends.identify || sends.track)) members += actor.users.size
      if (!isCounted) this.#tellAll(connection, actor, toldOf(held))
    })
    return members
  }

  /** What a user has of its own. */
  #tellHeld(
    user: ProfileActor,
    { only, scope }: { readonly only: readonly ExternalId[] | undefined; readonly scope: SyncScope },
    isToBeTold: (definition: number) => boolean,
  ): void {
    for (const [definition, connections] of this.#connected()) {
      const held = user.defined.get(definition)
      if (!held || !isTold(held, scope) || !isToBeTold(definition)) continue
      for (const connection of connections) {
        if (connection.record.type === 'USERS') this.#tellUser(connection, user, { owner: user, only }, toldOf(held))
      }
    }
  }

  /** What one of its accounts has, to one user. */
  #tellOfAccount(
    account: Account,
    user: ProfileActor,
    only: readonly ExternalId[] | undefined,
    isNews: (user: Owner, owner: Owner, definition: number) => boolean,
  ): void {
    for (const [definition, connections] of this.#connected()) {
      const held = account.defined.get(definition)
      if (!held || !isTold(held, 'present') || !isNews(user, account, definition)) continue
      for (const connection of connections) {
        const { type, sends } = connection.record
        if (type !== 'ACCOUNTS' || !(sends.identify || sends.track)) continue
        this.#tellUser(connection, user, { owner: account, only }, toldOf(held))
      }
    }
  }

  /** The actor, and all users of an account. */
  #tellAll(connection: Connection, actor: SpaceActor, told: Told): void {
    if (!connection.takesChanges) return
    if (actor.kind === 'user') {
      this.#tellUser(connection, actor, { owner: actor, only: undefined }, told)
      return
    }
    const { sends } = connection.record
    if (sends.group) this.#tellAccount(connection, actor, told)
    if (!sends.identify && !sends.track) return
    for (const ordinal of actor.users.keys())
      this.#view.see(ordinal, (user) => {
        if (user.kind === 'user') this.#tellUser(connection, user, { owner: actor, only: undefined }, told)
      })
  }

  #tellAccount(connection: Connection, account: AccountActor, told: Told): void {
    const { ordinal, groupId, label } = account
    const subject = { kind: 'account', groupId } as const
    const traits = this.#enrichment(connection, account)
    const { id } = connection.record
    const { resync } = connection
    this.#tell(
      { connectionId: id, actor: ordinal, owner: ordinal, subject, profile: label, resync, traits, ...told },
      connection,
    )
  }

  #tellUser(
    connection: Connection,
    user: ProfileActor,
    { owner, only }: { readonly owner: Owner; readonly only: readonly ExternalId[] | undefined },
    told: Told,
  ): void {
    if (!connection.takesChanges) return
    const { id } = connection.record
    const { resync } = connection
    const subject = { kind: 'user', ids: [...user.ids], only } as const
    const traits = this.#enrichment(connection, user)
    const { label: profile } = owner
    this.#tell(
      { connectionId: id, actor: user.ordinal, owner: owner.ordinal, subject, profile, resync, traits, ...told },
      connection,
    )
  }

  #enrichment({ record }: Connection, actor: SpaceActor): JsonObject | undefined {
    if (Object.keys(record.traits).length === 0) return undefined
    const type = actor.kind === 'user' ? 'USERS' : 'ACCOUNTS'
    return enrichmentOf(record.traits, (key) => {
      const definition = this.#view.numberOf(type, key)
      if (definition !== undefined) return actor.defined.get(definition)?.value
      return Object.hasOwn(actor.traits.values, key) ? actor.traits.values[key] : undefined
    })
  }

  #connected(): ReadonlyMap<number, readonly Connection[]> {
    const { definitions } = this.#view
    if (this.#byDefinition && this.#definitions === definitions) return this.#byDefinition
    const found = new Map<number, Connection[]>()
    for (const connection of this.#connections()) {
      const definition = this.#view.numberOf(connection.record.type, connection.record.key)
      if (definition === undefined) continue
      const others = found.get(definition)
      if (others) others.push(connection)
      else found.set(definition, [connection])
    }
    this.#byDefinition = found
    this.#definitions = definitions
    return found
  }
}

/** Nobody is told that he is not in an audience, or has no value, unless he once was or had. */
function isTold({ value, sequence }: DefinedValue, scope: SyncScope): boolean {
  return scope === 'known' ? sequence > 0 : value !== null && value !== false
}

function toldOf({ value, sequence, changedAt }: DefinedValue): Told {
  return { value, sequence, at: changedAt }
}
