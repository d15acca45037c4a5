/** A user: its ids, traits and kept events, and the accounts that it belongs to. */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { CallOrigin } from '../../src/model/call-origin.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { HeardEvent } from '../history/histories.ts'
import type { EventIndex } from '../plan/event-index.ts'
import type { DefinitionNode, Plan } from '../plan/plan.ts'
import { FLAGS, IS_ANONYMOUS, MERGES, SEEN_AT } from '../rows/row.ts'
import { type Consent, CONSENT_KEY } from '../../src/model/consent.ts'
import type { TraitOrigin } from '../rows/traits.ts'
import { ForgottenTotals } from '../streams/forgotten-totals.ts'
import { Actor } from './actor.ts'
import { StateEntries } from './state-entries.ts'
import type { Account, User, UserMessage } from './message.ts'

const NONE_OLDER: readonly ForgottenTotals[] = []

export class ProfileActor extends Actor<UserMessage> implements User {
  override readonly kind = 'user'

  override get label(): string {
    return this.store.ids.label(this.row)
  }

  override get ids(): readonly ExternalId[] {
    return this.row === 0 ? [] : this.store.ids.read(this.row)
  }

  get accounts(): readonly Account[] {
    return this.accountOrdinals.map((ordinal) => this.store.accountAt(ordinal))
  }

  /** In the order in which they were linked. */
  get accountOrdinals(): readonly number[] {
    const { row } = this
    return row === 0 ? [] : this.store.links.keys(row)
  }

  get accountCount(): number {
    return this.store.links.count(this.row)
  }

  override get userCount(): number {
    return 0
  }

  override usersSatisfying(): number {
    return 0
  }

  get mergeCount(): number {
    return this.store.memory.state.ints[(this.row + MERGES) * 2 + 1]!
  }

  /** Receive time of its last call, epoch ms. */
  get seenAt(): number {
    return this.store.memory.state.doubles[this.row + SEEN_AT]!
  }

  /** Totals of the events that are no longer kept. */
  get older(): ForgottenTotals | undefined {
    return this.store.older.read(this.row)
  }

  get eventCount(): number {
    return this.store.histories.count(this.row)
  }

  override keptEvents(): readonly ProfileEvent[] {
    return this.store.histories.events(this.row)
  }

  override eventsKnownTo(index: EventIndex): readonly ProfileEvent[] {
    return this.store.histories.events(this.row, (name) => index.knows(name))
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    const { older } = this
    return older ? [older] : NONE_OLDER
  }

  /** Returns the event time of the kept event that arrived first; infinite if there is none. */
  firstKeptTs(): number {
    return this.store.histories.firstTs(this.row)
  }

  override heardEvents(): readonly HeardEvent[] {
    return this.keptEvents().map((event) => ({ event, at: event.receivedAt }))
  }

  /** Tells its accounts that a condition on their users has flipped. */
  override tellOthers(node: DefinitionNode, value: JsonValue): void {
    if (node.kind !== 'condition') return
    for (const account of this.accounts)
      account.next({ kind: 'condition flipped', at: this.now, condition: node, holds: value === true })
  }

  override rebuild(plan: Plan): void {
    super.rebuild(plan)
    this.markDependents(plan.readersOfAccounts)
  }

  override isEligible(types: ReadonlySet<string>): boolean {
    return this.store.ids.hasAnyOf(this.row, types)
  }

  override readAccountAudience(definition: number): boolean {
    const { row, store } = this
    for (let index = 0; index < store.links.count(row); index++) {
      const account = store.rows.at(store.links.key(row, index))
      const at = store.values.find(account, definition)
      if (at !== 0 && store.values.isTrue(at)) return true
    }
    return false
  }

  /** Adds ids that no profile holds; marks the audiences for which they make the profile eligible. */
  addIds(added: readonly ExternalId[], call: CallOrigin): void {
    const { ids } = this
    this.store.origins.add({ row: this.row, idCount: ids.length }, added.length, call)
    this.nameBy([...ids, ...added])
    if (ids.length === 0) return
    const types = added.map(({ type }) => type).filter((type) => !ids.some((id) => id.type === type))
    if (types.length === 0) return
    for (const node of this.plan.definitions)
      if (types.some((type) => node.eligibleTypes?.has(type))) this.markDefinition(node.index)
  }

  /** True if the user is known by `anonymous_id`s only, and belongs to no account. */
  get isAnonymous(): boolean {
    const { row, store } = this
    return (store.memory.state.ints[(row + FLAGS) * 2]! & IS_ANONYMOUS) !== 0 && store.links.count(row) === 0
  }

  /** Records the receive time of a call. */
  seen(at: number): void {
    this.store.memory.state.doubles[this.row + SEEN_AT] = at
  }

  /** Sets the ids. */
  nameBy(ids: readonly ExternalId[]): void {
    const { row, store } = this
    store.ids.write(row, ids, store.rules)
    const { ints } = store.memory.state
    const isAnonymous = ids.every(({ type }) => type === 'anonymous_id')
    ints[(row + FLAGS) * 2] = isAnonymous
      ? ints[(row + FLAGS) * 2]! | IS_ANONYMOUS
      : ints[(row + FLAGS) * 2]! & ~IS_ANONYMOUS
  }

  override receive(message: UserMessage): void {
    switch (message.kind) {
      case 'event':
        this.store.histories.append(this.row, message.event)
        this.takeEvent(message.event)
        return
      case 'events forgotten':
        this.store.histories.replace(this.row, message.kept)
        this.store.older.write(this.row, message.older)
        if (message.stale === 'all') this.rebuild(this.plan)
        else if (message.stale === 'judged') this.judgeAgain()
        return
      case 'traits':
        this.takeTraits(message.traits, message)
        return
      case 'merge':
        this.#merge(message.absorbed)
        return
      case 'accounts changed':
        this.markDependents(message.readers)
        return
      case 'definitions changed':
        this.adopt(message.adoption)
        return
      case 'consent':
        this.#takeConsent(message.consent, message)
        return
      case 'account left':
        this.store.links.remove(this.row, message.account.ordinal)
        this.markDependents(message.readers)
        return
      case 'ended':
        this.dropValues()
        return
      case 'deadline':
        return
    }
  }

  #takeConsent(consent: Consent, { ts, arrival, sourceId }: TraitOrigin): void {
    const { traits } = this
    if (traits.set({ key: CONSENT_KEY, value: { ...consent }, ts, arrival, sourceId })) this.storeTraits(traits)
  }

  /** Records that an account has linked the user. */
  joinAccount(account: Account): void {
    const { links, rows } = this.store
    rows.touch(this.row)
    if (links.indexOf(this.row, account.ordinal) < 0) links.add(this.row, account.ordinal, 0)
  }

  /** Takes over all that others hold, and computes everything again; windows go on counting what is no longer kept. */
  #merge(absorbed: readonly User[]): void {
    const all: readonly User[] = [this, ...absorbed]
    const isBeyondKept = all.some(({ older, countedSince }) => older && countedSince < older.keptSince)
    const areUnited = isBeyondKept && !all.some(({ isUnbuilt }) => isUnbuilt)
    const held = areUnited ? all.flatMap(({ row }) => StateEntries.blocks(this.store, row, this.plan)) : []
    const since = Math.max(...all.map(({ countedSince }) => countedSince))
    for (const other of absorbed) this.#absorb(other)
    this.rebuild(this.plan)
    if (!areUnited) return
    this.countAllSince(since)
    this.uniteWindows(held)
  }

  /** Takes over everything that another user holds. Definitions must be computed again afterwards. */
  #absorb(other: User): void {
    const { row, store, ids } = this
    store.origins.unite({ row, idCount: ids.length }, { row: other.row, idCount: other.ids.length }, other.ordinal)
    this.nameBy([...ids, ...other.ids])
    const { traits } = this
    for (const entry of other.traits.entries()) traits.set(entry)
    this.storeTraits(traits)
    const theirs = other.keptEvents().map((event) => withIdsFrom(event, ids.length))
    store.histories.replace(row, [...this.keptEvents(), ...theirs])
    const older = ForgottenTotals.unite(this.older, other.older)
    if (older) store.older.write(row, older)
    store.memory.state.ints[(row + MERGES) * 2 + 1]! += other.mergeCount + 1
    for (const id of other.defined.ids()) this.#absorbValue(id, other)
    store.past.unite(row, other.row)
  }

  #absorbValue(id: number, other: User): void {
    const { values } = this.store
    const kind = this.plan.byId.get(id)?.kind
    if (kind === undefined || kind === 'condition') return
    const theirs = other.defined.get(id)!
    const ours = this.defined.get(id)
    const at = values.findOrAdd(this.ordinal, id)
    if (!ours) {
      values.setValue(at, kind === 'audience' ? theirs.value : null)
      values.setTransitions(at, theirs.sequence, theirs.changedAt)
      values.setHasBeenOne(at, theirs.hasBeenOne)
      return
    }
    if (kind === 'audience') values.setValue(at, ours.value === true || theirs.value === true)
    const changedAt = Math.max(ours.changedAt, theirs.changedAt)
    values.setTransitions(at, Math.max(ours.sequence, theirs.sequence), changedAt)
    if (theirs.hasBeenOne) values.setHasBeenOne(at, true)
  }
}

/** Returns an event of a user whose ids come after so many others now. */
function withIdsFrom(event: ProfileEvent, first: number): ProfileEvent {
  return first === 0 || !event.ids ? event : { ...event, ids: event.ids.map((id) => id + first) }
}
