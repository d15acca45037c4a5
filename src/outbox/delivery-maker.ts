/**
 * Makes deliveries of what has changed: to whom each connection sends a value, and which value.
 *
 * T1. Deliveries follow from the journal alone: from the actors as a settlement left them, and from the connections.
 * T2. A settlement delivers a value to a user by a connection once, even if the user was named, united or linked by it
 *     too.
 */
import { addToGroup } from '../model/groups.ts'
import type { AccountActor } from '../../actors/actor/account-actor.ts'
import type { DefinedValue } from '../../actors/rows/defined-values.ts'
import type { Account } from '../../actors/actor/message.ts'
import type { ProfileActor } from '../../actors/actor/profile-actor.ts'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import { isConsented } from '../model/consent.ts'
import type { ConsentedUser, LeftUser, Settled, SettledChange } from '../../actors/settlement/settlement-observer.ts'
import type { SyncScope } from '../model/destination.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import { areConnectionsToldApart, areDeletionsTold, doDeliveriesHaveOwnIds, doLinksTellAnew } from '../model/rules.ts'
import { isSentBy, type Sending, tellsUsers } from '../model/sending.ts'
import type { Connection, Sync } from './connection.ts'
import type { Delivery } from './delivery.ts'
import { enrichmentOf } from './enrichment.ts'
import type { OutboxDirectory } from './outbox-directory.ts'

/** A value of a definition, since an instant. */
interface ValueNow {
  readonly value: JsonValue
  readonly sequence: number
  /** Epoch ms. */
  readonly at: number
  /** See `Delivery.anew`. */
  readonly anew?: number | undefined
}

/** The actor whose value is delivered: a user, or one of its accounts. */
type Owner = Pick<Account, 'ordinal' | 'label'>

/** A user that is told of a value of an owner. */
interface Told {
  readonly user: ProfileActor
  readonly owner: Owner
  /** By this activation alone; undefined: by all that send it. */
  readonly activationId?: string | undefined
}

/** A value of an owner that a user may be sent. */
interface News {
  readonly user: Owner
  readonly owner: Owner
  readonly definition: number
}

/** Lists those of some connections by which a user has not been sent a value in this settlement yet. Keeps T2. */
type NewsBy = (news: News, connections: readonly Connection[]) => readonly Connection[]

/** A delivery that the outbox has still to number. */
export type NewDelivery = Omit<Delivery, 'number' | 'queuedAt'>

/** Receives every delivery, in order. */
export type TakeDelivery = (delivery: NewDelivery, connection: Connection) => void

const NO_CONNECTIONS: readonly Connection[] = []
const NONE_DELETED: ReadonlySet<number> = new Set<number>()

export class DeliveryMaker {
  readonly #directory: OutboxDirectory
  readonly #take: TakeDelivery
  /** Connections by number of their definition, as of `#definitions`. */
  #byDefinition: ReadonlyMap<number, readonly Connection[]> | undefined
  #definitions: object | undefined
  /** Users that are deleted by the settlement that is being told, by ordinal. */
  #deleted: ReadonlySet<number> = NONE_DELETED

  constructor(directory: OutboxDirectory, take: TakeDelivery) {
    this.#directory = directory
    this.#take = take
  }

  /** Connections, or the space itself, have changed. */
  changed(): void {
    this.#byDefinition = undefined
  }

  settled({ at, changes, united, named, joined, consented, left, deleted }: Settled): void {
    const connections = this.#connected()
    if (connections.size === 0) return
    this.#deleted = deleted.length === 0 ? NONE_DELETED : new Set(deleted.map(({ ordinal }) => ordinal))
    for (const one of left) this.#makeForEndedLink(one, changes, at)
    const changed = new Set<string>()
    for (const { actor, definition, transition } of changes) {
      const concerned = connections.get(definition)
      if (!concerned) continue
      changed.add(`${actor.ordinal} ${definition}`)
      const { type, value = null, sequence } = transition
      const change = { value: type === 'trait' ? value : type === 'entered', sequence, at }
      for (const connection of concerned) this.#makeForAll(connection, actor, change)
    }
    const newsBy = newsAfter(changed, areConnectionsToldApart(this.#directory.view.rulesVersion))
    for (const one of consented) this.#makeForConsent(one, { changes, at, newsBy })
    for (const { survivor, differing } of united) {
      const differingBy: NewsBy = (news, of) => (differing.has(news.definition) ? newsBy(news, of) : [])
      // That there is no value is news to the ids of the user that had one.
      this.#makeForUserValues(survivor, { only: undefined, scope: 'known' }, differingBy)
      for (const account of survivor.accounts) this.#makeForAccountValues(account, survivor, undefined, newsBy)
    }
    const anew = doLinksTellAnew(this.#directory.view.rulesVersion) ? this.#directory.view.callCount : undefined
    for (const { account, user } of joined) this.#makeForAccountValues(account, user, undefined, newsBy, anew)
    // A user that was sent everything, by all its ids, is not sent it by the new ones again.
    for (const { user, added } of named) {
      this.#makeForUserValues(user, { only: added, scope: 'present' }, newsBy)
      for (const account of user.accounts) this.#makeForAccountValues(account, user, added, newsBy)
    }
    if (areDeletionsTold(this.#directory.view.rulesVersion))
      for (const user of deleted) this.#makeDeletions(user, left, at)
  }

  /**
   * Goes over some pages of actors for a sync; returns how many members the connection, or the activation, concerns
   * there.
   * @param options `isCounted`: count only, and make no delivery
   */
  sync(
    connection: Connection,
    pages: { readonly from: number; readonly to: number },
    { scope, isCounted, activationId }: Pick<Sync, 'scope' | 'activationId'> & { readonly isCounted: boolean },
  ): number {
    const { view } = this.#directory
    const { type, key } = connection.record
    const definition = view.numberOf(type, key)
    if (definition === undefined) return 0
    let members = 0
    const kind = type === 'USERS' ? 'user' : 'account'
    view.seePages(pages, (actor) => {
      if (actor.kind !== kind) return
      const held = actor.defined.get(definition)
      if (!held || !isInScope(held, scope)) return
      const sendings = connection.sendings.filter(
        (one) => isSentBy(one, held.value) && (activationId === undefined || one.activationId === activationId),
      )
      const isTold = actor.kind === 'user' ? sendings.length > 0 : sendings.some(({ sends }) => sends.group)
      members += isTold ? 1 : 0
      if (actor.kind === 'account' && sendings.some(tellsUsers)) members += actor.userCount
      if (isCounted) return
      this.#makeForAll(connection, actor, valueOf(held), activationId)
      if (scope === 'known' && actor.kind === 'user') this.#makeForRefused(connection, actor, held, activationId)
    })
    return members
  }

  /** Tells a destination that asks for more consent than a user has given that it is told of it no more. */
  #makeForRefused(connection: Connection, user: ProfileActor, held: DefinedValue, activationId?: string): void {
    const { consent: required } = this.#directory.destinationOf(connection).record
    if (isConsented(user.traits.consent, required)) return
    this.#takeEnd(connection, { user, owner: user, activationId }, { sequence: held.sequence, at: held.changedAt })
  }

  /** Delivers a user's own values to it. */
  #makeForUserValues(
    user: ProfileActor,
    { only, scope }: { readonly only: readonly ExternalId[] | undefined; readonly scope: SyncScope },
    newsBy: NewsBy,
  ): void {
    for (const [definition, connections] of this.#connected()) {
      const held = user.defined.get(definition)
      if (!held || !isInScope(held, scope)) continue
      for (const connection of newsBy({ user, owner: user, definition }, connections)) {
        if (connection.record.type === 'USERS')
          this.#makeForUser(connection, user, { owner: user, only }, valueOf(held))
      }
    }
  }

  /** Delivers the values of one of its accounts to a user. */
  #makeForAccountValues(
    account: Account,
    user: ProfileActor,
    only: readonly ExternalId[] | undefined,
    newsBy: NewsBy,
    anew?: number,
  ): void {
    for (const [definition, connections] of this.#connected()) {
      const held = account.defined.get(definition)
      if (!held || !isInScope(held, 'present')) continue
      for (const connection of newsBy({ user, owner: account, definition }, connections)) {
        if (connection.record.type !== 'ACCOUNTS') continue
        this.#makeForUser(connection, user, { owner: account, only }, { ...valueOf(held), anew })
      }
    }
  }

  /** Tells destinations of a user that has given or withdrawn the consent that they ask for. */
  #makeForConsent(
    { user, before }: ConsentedUser,
    { changes, at, newsBy }: { changes: readonly SettledChange[]; at: number; newsBy: NewsBy },
  ): void {
    const anew = this.#directory.view.callCount
    const { consent } = user.traits
    for (const [definition, connections] of this.#connected())
      for (const connection of connections) {
        const required = this.#directory.destinationOf(connection).record.consent
        const is = isConsented(consent, required)
        if (before.every((one) => isConsented(one, required) === is)) continue
        for (const owner of this.#ownersFor(connection, user)) {
          const held = owner.defined.get(definition)
          if (!held) continue
          const isNews = () => newsBy({ user, owner, definition }, [connection]).length > 0
          if (is && isInScope(held, 'present') && isNews())
            this.#makeForUser(connection, user, { owner, only: undefined }, { ...valueOf(held), anew })
          const change = changes.find(
            ({ actor, definition: of }) => actor.ordinal === owner.ordinal && of === definition,
          )
          if (!is && (change ? hadValueBefore(change) : isInScope(held, 'present')))
            this.#takeEnd(connection, { user, owner }, { sequence: held.sequence, at, anew })
        }
      }
  }

  /** Lists the actors, the user or some accounts, whose values of a connection's definition a user is told of. */
  #ownersFor(
    { record, sendings }: Connection,
    user: ProfileActor,
    accounts: readonly Account[] = user.accounts,
  ): readonly (ProfileActor | Account)[] {
    if (record.type === 'USERS') return [user]
    return sendings.some(tellsUsers) ? accounts : []
  }

  /** Tells that a value has ended for a user, whatever it has allowed. */
  #takeEnd(connection: Connection, { user, owner, activationId: only }: Told, end: Omit<ValueNow, 'value'>): void {
    const subject = { kind: 'user', ids: [...user.ids], only: undefined } as const
    const value = connection.record.kind === 'audience' ? false : null
    const made = { ...this.#from(connection, owner), actor: user.ordinal, subject, traits: undefined, ...end, value }
    for (const sending of connection.sendingsFor(value, only))
      if (tellsUsers(sending)) this.#take({ ...made, activationId: sending.activationId }, connection)
  }

  /**
   * Tells each destination that can do so to delete a user, after all else: those that may have been told of it, be it
   * long ago. It is the last that is told of this user, by its ids alone: once for all connections that address it
   * alike.
   */
  #makeDeletions(user: ProfileActor, left: readonly LeftUser[], at: number): void {
    const told = new Set<string>()
    const accounts = left.filter((one) => one.user === user).map(({ account }) => account)
    const subject = { kind: 'user', ids: [...user.ids], only: undefined } as const
    for (const [definition, connections] of this.#connected())
      for (const connection of connections) {
        const { record } = this.#directory.destinationOf(connection)
        if (!record.deletesUsers || !connection.takesChanges) continue
        if (!isConsented(user.traits.consent, record.consent)) continue
        const owners = this.#ownersFor(connection, user, accounts)
        const sequence = Math.max(0, ...owners.map((owner) => owner.defined.get(definition)?.sequence ?? 0))
        const { idSync, includesAnonymous } = connection.record
        if (sequence === 0 || !isNew(JSON.stringify([record.id, idSync, includesAnonymous]), told)) continue
        const made = { ...this.#from(connection, user), actor: user.ordinal, subject, traits: undefined, sequence, at }
        this.#take({ ...made, value: null, isFinal: true, isDeletion: true }, connection)
      }
  }

  /** Tells a user that the values of an account have ended for it. */
  #makeForEndedLink({ account, user }: LeftUser, changes: readonly SettledChange[], at: number): void {
    const anew = this.#directory.view.callCount
    for (const [definition, connections] of this.#connected()) {
      const held = account.defined.get(definition)
      const change = changes.find(({ actor, definition: of }) => actor.ordinal === account.ordinal && of === definition)
      if (!held || !(change ? hadValueBefore(change) : isInScope(held, 'present'))) continue
      for (const connection of connections) {
        const { type, kind } = connection.record
        if (type !== 'ACCOUNTS') continue
        const ended = { value: kind === 'audience' ? false : null, sequence: held.sequence, at, anew }
        this.#makeForUser(connection, user, { owner: account, only: undefined }, ended)
      }
    }
  }

  /** Delivers an actor's value to it, and an account's to all its users too. */
  #makeForAll(connection: Connection, actor: SpaceActor, value: ValueNow, activationId?: string): void {
    const toUser = { owner: actor, only: undefined, activationId }
    if (actor.kind === 'user') {
      this.#makeForUser(connection, actor, toUser, value)
      return
    }
    const sendings = connection.sendingsFor(value.value, activationId)
    for (const sending of sendings) if (sending.sends.group) this.#makeForAccount(connection, actor, sending, value)
    if (!sendings.some(tellsUsers)) return
    for (const ordinal of actor.userOrdinals)
      this.#directory.view.see(ordinal, (user) => {
        if (user.kind === 'user') this.#makeForUser(connection, user, toUser, value)
      })
  }

  #makeForAccount(connection: Connection, account: AccountActor, sending: Sending, value: ValueNow): void {
    const { ordinal, groupId } = account
    const { activationId } = sending
    const subject = { kind: 'account', groupId } as const
    const traits = this.#enrichment(sending, account)
    const made = { ...this.#from(connection, account), activationId, actor: ordinal, subject, traits, ...value }
    this.#take(made, connection)
  }

  #makeForUser(
    connection: Connection,
    user: ProfileActor,
    { owner, only, activationId }: Omit<Told, 'user'> & { readonly only: readonly ExternalId[] | undefined },
    value: ValueNow,
  ): void {
    const sendings = connection.sendingsFor(value.value, activationId)
    if (sendings.length === 0) return
    const { consent: required } = this.#directory.destinationOf(connection).record
    if (required && !isConsented(user.traits.consent, required)) return
    const { ordinal, ids } = user
    const subject = { kind: 'user', ids: [...ids], only } as const
    const isFinal = this.#deleted.has(ordinal)
    for (const sending of sendings) {
      if (!tellsUsers(sending)) continue
      const { activationId: by } = sending
      const traits = isFinal ? undefined : this.#enrichment(sending, user)
      const made = { ...this.#from(connection, owner), activationId: by, actor: ordinal, subject, traits, ...value }
      this.#take(isFinal ? { ...made, isFinal } : made, connection)
    }
  }

  #from({ record, resyncCount: resync }: Connection, { ordinal: owner, label: profile }: Owner) {
    const ownId = doDeliveriesHaveOwnIds(this.#directory.view.rulesVersion) ? owner : undefined
    return { connectionId: record.id, owner, ownId, profile, resync }
  }

  #enrichment({ traits }: Sending, actor: SpaceActor): JsonObject | undefined {
    if (Object.keys(traits).length === 0) return undefined
    const type = actor.kind === 'user' ? 'USERS' : 'ACCOUNTS'
    return enrichmentOf(traits, (key) => {
      const definition = this.#directory.view.numberOf(type, key)
      if (definition !== undefined) return actor.defined.get(definition)?.value
      return Object.hasOwn(actor.traits.values, key) ? actor.traits.values[key] : undefined
    })
  }

  #connected(): ReadonlyMap<number, readonly Connection[]> {
    const { view, connections } = this.#directory
    if (this.#byDefinition && this.#definitions === view.definitions) return this.#byDefinition
    const found = new Map<number, Connection[]>()
    for (const connection of connections.values()) {
      const definition = view.numberOf(connection.record.type, connection.record.key)
      if (definition === undefined) continue
      addToGroup(found, definition, connection)
    }
    this.#byDefinition = found
    this.#definitions = view.definitions
    return found
  }
}

/** @param changed actors and definitions whose value all users concerned have been sent already */
function newsAfter(changed: ReadonlySet<string>, areToldApart: boolean): NewsBy {
  const sent = new Set<string>()
  return ({ user, owner, definition }, connections) => {
    if (changed.has(`${owner.ordinal} ${definition}`)) return NO_CONNECTIONS
    const name = `${user.ordinal} ${owner.ordinal} ${definition}`
    if (areToldApart) return connections.filter(({ record }) => isNew(`${name} ${record.id}`, sent))
    return isNew(name, sent) ? connections : NO_CONNECTIONS
  }
}

function isNew(name: string, among: Set<string>): boolean {
  const { size } = among
  return among.add(name).size > size
}

/** Tells if there was a value before a change; of a computed trait it may have been absent. */
function hadValueBefore({ transition: { type, sequence } }: SettledChange): boolean {
  return type === 'trait' ? sequence > 1 : type === 'exited'
}

/** A user is not told that it is not in an audience, or has no value, unless it once was or had. */
function isInScope({ value, sequence }: DefinedValue, scope: SyncScope): boolean {
  return scope === 'known' ? sequence > 0 : value !== null && value !== false
}

function valueOf({ value, sequence, changedAt }: DefinedValue): ValueNow {
  return { value, sequence, at: changedAt }
}
