/**
 * The stupid twin of the engine: docs/semantics.md evaluated by itself, over all events that were ever kept, at every instant
 * at which something may change. It shares with the product the query parser and the types of the model, and no more.
 *
 * O1. An input settles its profile, the profile's accounts, and the users that a changed account audience reaches, with
 *     their accounts in turn. All else stays as it was when it last settled.
 * O2. A due instant is one settlement of all users and accounts that are due then.
 * O3. A settlement evaluates every definition, each after those that it reads, until it reaches no further actor; only
 *     the difference between before and after is published.
 */
import type { Condition, Reduction } from '../../src/language/tree.ts'
import type { DefinitionSource, DefinitionType } from '../../src/model/definition.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { Account, inOrder, NO_STANDING, User, type Standing } from './actors.ts'
import { type Id, idKey, readCall, type ReadCall } from './calls.ts'
import { compile, Definitions, type Definition } from './definitions.ts'
import { holds, reduce, type OracleEvent, type Quantifier, type View } from './evaluation.ts'
import { Identities } from './identity.ts'
import { Moment } from './moment.ts'
import { pathParts, reach } from './values.ts'

export type OracleDefinition = DefinitionSource

export type OracleInput =
  | {
      readonly kind: 'call'
      readonly call: Record<string, unknown>
      readonly receivedAt: number
      readonly sourceId?: string
    }
  | { readonly kind: 'tick'; readonly receivedAt: number }
  /** Added, or edited, while running: computed over the whole history at this instant. */
  | { readonly kind: 'define'; readonly definition: OracleDefinition; readonly receivedAt: number }
  | { readonly kind: 'remove'; readonly key: string; readonly type: DefinitionType; readonly receivedAt: number }
  | PeopleInput

/** One that is about somebody who is not there is refused: it changes nothing, and the clock stays. */
export type PeopleInput =
  | { readonly kind: 'delete'; readonly profile: Id; readonly suppress: boolean; readonly receivedAt: number }
  | { readonly kind: 'suppress' | 'unsuppress'; readonly ids: readonly Id[]; readonly receivedAt: number }
  | { readonly kind: 'unlink'; readonly profile: Id; readonly account: string; readonly receivedAt: number }

/** A user or an account as it stands. */
export interface ActorReport {
  readonly label: string
  /** `user_id:u1`, first added first. */
  readonly ids: readonly string[]
  /** Keys of the audiences that it is in. */
  readonly memberships: readonly string[]
  /** Computed traits that are present, by key. */
  readonly computedTraits: Readonly<Record<string, JsonValue>>
  readonly customTraits: Readonly<Record<string, JsonValue>>
  /** Group ids of a user's accounts; labels of an account's users. */
  readonly links: readonly string[]
}

/** Every transition that the inputs cause, in order; then the clock moves on to `until`, inclusively. */
export function runOracle(options: {
  definitions: readonly OracleDefinition[]
  inputs: readonly OracleInput[]
  until?: number
}): Transition[] {
  const oracle = Oracle.of(options.definitions)
  for (const input of options.inputs) oracle.apply(input)
  if (options.until !== undefined) oracle.finish(options.until)
  return oracle.transitions
}

export class Oracle {
  readonly transitions: Transition[] = []
  #clock = -Infinity
  #definitions: Definitions
  readonly #identities = new Identities()
  readonly #accounts = new Map<string, Account>()
  readonly #messageIds = new Set<string>()
  readonly #suppressed = new Set<string>()
  readonly #log: OracleInput[] = []
  #arrivals = 0
  /** Definitions that conditions are judged of. */
  readonly #judged = new Map<DefinitionSource, Definition>()
  /** Values that actors read of themselves; dropped with every input. */
  #readings = new Map<User | Account, Reading>()

  private constructor(definitions: Definitions) {
    this.#definitions = definitions
  }

  static of(definitions: readonly OracleDefinition[]): Oracle {
    return new Oracle(new Definitions(definitions.map((source) => compile(source, 0))))
  }

  get clock(): number {
    return this.#clock
  }

  get users(): ActorReport[] {
    return [...this.#identities.users].map((user) => ({
      ...this.#report(user, 'USERS'),
      ids: user.ids.map(({ type, value }) => `${type}:${value}`),
      links: [...user.accounts].map(({ groupId }) => groupId).sort(),
    }))
  }

  get accounts(): ActorReport[] {
    return [...this.#accounts.values()].map((account) => ({
      ...this.#report(account, 'ACCOUNTS'),
      ids: [account.label],
      links: [...account.users].map(({ label }) => label).sort(),
    }))
  }

  /** Applies an input at `max(clock, receivedAt)`. A call that is refused changes nothing. */
  apply(input: OracleInput): void {
    const at = Math.max(this.#clock, input.receivedAt)
    if (input.kind === 'call') {
      const sourced = input.sourceId === undefined ? input.call : { ...input.call, sourceId: input.sourceId }
      const call = readCall(sourced, at)
      if (call === undefined) return
      this.#moveTo(at)
      this.#log.push(input)
      this.#applyCall(call)
      return
    }
    if (this.#isRefused(input)) return
    this.#moveTo(at)
    this.#log.push({ kind: 'tick', receivedAt: at })
    if (input.kind === 'define') this.#define(input.definition)
    if (input.kind === 'remove') this.#remove(input.key, input.type)
    if (isAboutPeople(input)) this.#applyToPeople(input)
  }

  /** Moves the clock on, with everything that is due until then and at that instant itself. */
  finish(until: number): void {
    this.#fireBefore(until + 1)
    this.#clock = Math.max(this.#clock, until)
  }

  /**
   * Judges a condition of a definition for an actor, or for one of its events, or reduces a stream; as of the clock.
   * @param within the ids of an event in whose `where` it is, and of the event around that
   */
  judge(
    label: string,
    source: DefinitionSource,
    asked: Condition | Reduction,
    [event, parent]: readonly string[] = [],
  ): JsonValue {
    const actor = this.#actors.find((candidate) => candidate.label === label)!
    const definition = this.#judged.get(source) ?? compile(source, 0)
    this.#judged.set(source, definition)
    const view = (of: User | Account) => this.#view(of, definition, new Moment(this.#clock))
    const judged: View = {
      ...view(actor),
      quantified: (node) => {
        for (const user of (actor as Account).users) user.contributions.set(node, holds(node.operand, view(user)))
        return quantified(actor, node)
      },
    }
    const known = (id: string | undefined) => actor.events.find(({ messageId }) => messageId === id)
    const occurrence = { event: known(event), parent: known(parent) }
    return asked.kind === 'reduction' ? reduce(asked, judged, occurrence) : holds(asked, judged, occurrence)
  }

  #report(
    actor: User | Account,
    type: DefinitionType,
  ): Pick<ActorReport, 'label' | 'memberships' | 'computedTraits' | 'customTraits'> {
    const standings = this.#definitions.inOrder
      .filter(({ source }) => source.type === type)
      .map(({ source: { key } }) => ({ key, ...actor.standing(key) }))
    return {
      label: actor.label,
      memberships: standings.flatMap(({ key, member }) => (member ? [key] : [])).sort(),
      computedTraits: Object.fromEntries(standings.flatMap(({ key, value }) => (value === null ? [] : [[key, value]]))),
      customTraits: actor.traitValues,
    }
  }

  get #actors(): (User | Account)[] {
    return [...this.#identities.users, ...this.#accounts.values()]
  }

  /** Fires deadlines; one at `instant` itself waits until the clock moves past it. */
  #moveTo(instant: number): void {
    this.#fireBefore(instant)
    this.#clock = instant
  }

  #fireBefore(instant: number): void {
    for (;;) {
      const due = this.#actors.reduce((earliest, actor) => Math.min(earliest, actor.nextDue), Infinity)
      if (due >= instant) return
      this.#settle(
        due,
        this.#actors.filter((actor) => actor.nextDue === due),
      )
    }
  }

  #applyCall(call: ReadCall): void {
    if (call.messageId !== undefined && this.#messageIds.has(call.messageId)) return
    if (call.messageId !== undefined) this.#messageIds.add(call.messageId)
    if (call.type === 'alias') return
    const ids = call.ids.filter((id) => !this.#suppressed.has(idKey(id)))
    if (ids[0] !== call.ids[0]) return
    this.#readings = new Map()
    const arrival = ++this.#arrivals
    const { ts, sourceId, messageId = '' } = call
    const user = this.#identities.resolve(ids)
    if (call.event) user.events = inOrder([...user.events, { ...call.event, ts, arrival, sourceId, messageId }])
    const traitsOwner = call.groupId === undefined ? user : this.#join(user, call.groupId)
    for (const [name, value] of Object.entries(call.traits)) traitsOwner.setTrait(name, { value, ts, arrival })
    this.#settle(this.#clock, [user])
  }

  #join(user: User, groupId: string): Account {
    const account = this.#accounts.get(groupId) ?? new Account(groupId)
    this.#accounts.set(groupId, account)
    account.users.add(user)
    user.accounts.add(account)
    return account
  }

  #define(source: OracleDefinition): void {
    const known = this.#definitions.inOrder.find(
      ({ source: { key, type } }) => key === source.key && type === source.type,
    )
    // An edit is no creation: what began without history goes on from where it began.
    const begun = known?.source.includeHistoricalData === false ? known.sinceArrival : this.#arrivals
    const definition = compile(source, source.includeHistoricalData === false ? begun : 0)
    this.#definitions = this.#definitions.with(definition)
    const past = new Oracle(this.#definitions)
    for (const input of this.#log) past.apply(input)
    const counted = new Set(past.#actors.filter((actor) => actor.standing(source.key).counted).map(identityOf))
    for (const actor of this.#actors.filter((candidate) => typeOf(candidate) === source.type))
      actor.standings.set(source.key, { ...actor.standing(source.key), counted: counted.has(identityOf(actor)) })
    this.#settle(this.#clock, this.#actors)
  }

  #remove(key: string, type: DefinitionType): void {
    this.#definitions = this.#definitions.without(key, type)
    for (const actor of this.#actors) if (typeOf(actor) === type) actor.standings.delete(key)
    this.#settle(this.#clock, this.#actors)
  }

  #isRefused(input: Exclude<OracleInput, { kind: 'call' }>): boolean {
    if (input.kind !== 'delete' && input.kind !== 'unlink') return false
    const user = this.#identities.find(input.profile)
    if (!user || input.kind === 'delete') return !user
    const account = this.#accounts.get(input.account)
    return !account || !user.accounts.has(account)
  }

  #applyToPeople(input: PeopleInput): void {
    this.#readings = new Map()
    switch (input.kind) {
      case 'suppress':
        for (const id of input.ids) this.#suppressed.add(idKey(id))
        break
      case 'unsuppress':
        for (const id of input.ids) this.#suppressed.delete(idKey(id))
        break
      case 'unlink': {
        const [user, account] = [this.#identities.find(input.profile)!, this.#accounts.get(input.account)!]
        user.accounts.delete(account)
        account.users.delete(user)
        break
      }
      case 'delete': {
        const user = this.#identities.find(input.profile)!
        if (input.suppress) for (const id of user.ids) this.#suppressed.add(idKey(id))
        this.#end(user)
        this.#identities.remove(user)
      }
    }
    this.#settle(this.#clock, this.#actors)
  }

  /** Publishes that a user has nothing any more of what it had when it last settled. */
  #end(user: User): void {
    const before: Before = new Map([[user, new Map(user.standings)]])
    for (const { key } of this.#definitions.inOrder.map(({ source }) => source))
      user.standings.set(key, { ...user.standing(key), member: false, value: null })
    this.#publish(this.#clock, before)
  }

  #settle(at: number, first: readonly (User | Account)[]): void {
    const before: Before = new Map()
    const join = (actor: User | Account): void => {
      if (before.has(actor)) return
      before.set(actor, new Map(actor.standings))
      if (actor instanceof User) actor.accounts.forEach(join)
    }
    first.forEach(join)
    for (let settled = 0; before.size > settled;) {
      settled = before.size
      this.#evaluate(at, before)
      this.#reached(before).forEach(join)
    }
    this.#publish(at, before)
  }

  /** Evaluates every definition for all of these, from what they were before. */
  #evaluate(at: number, before: Before): void {
    const moments = new Map([...before.keys()].map((actor) => [actor, new Moment(at)]))
    for (const definition of this.#definitions.inOrder) {
      const view = (actor: User | Account) => this.#view(actor, definition, moments.get(actor)!)
      for (const user of before.keys())
        if (user instanceof User)
          for (const quantifier of definition.quantifiers)
            user.contributions.set(quantifier, holds(quantifier.operand, view(user)))
      for (const [actor, standings] of before)
        if (typeOf(actor) === definition.source.type) {
          const was = standings.get(definition.source.key) ?? NO_STANDING
          actor.standings.set(definition.source.key, standingOf(definition, actor, view(actor), was))
        }
    }
    for (const [actor, moment] of moments) actor.nextDue = moment.next
  }

  /** The users of every account that entered or left an audience which users read. */
  #reached(before: Before): User[] {
    return [...before].flatMap(([account, standings]) => {
      if (!(account instanceof Account)) return []
      const changed = this.#definitions.inOrder.filter(
        ({ source: { key, type } }) =>
          type === 'ACCOUNTS' && account.standing(key).member !== (standings.get(key) ?? NO_STANDING).member,
      )
      return changed.some((audience) => this.#definitions.isReadByUsers(audience)) ? [...account.users] : []
    })
  }

  #publish(at: number, before: Before): void {
    for (const { source } of this.#definitions.inOrder)
      for (const [actor, standings] of before) {
        if (typeOf(actor) !== source.type) continue
        const was = standings.get(source.key) ?? NO_STANDING
        const is = actor.standing(source.key)
        if (was.member === is.member && isSameJson(was.value, is.value)) continue
        const sequence = was.sequence + 1
        actor.standings.set(source.key, { ...is, sequence })
        const step = { at, key: source.key, profile: actor.label, sequence }
        if (source.kind === 'computed_trait') this.transitions.push({ ...step, type: 'trait', value: is.value })
        else this.transitions.push({ ...step, type: is.member ? 'entered' : 'exited' })
      }
  }

  #view(actor: User | Account, { sinceArrival }: Definition, moment: Moment): View {
    const reading = this.#readings.get(actor) ?? new Reading(actor)
    this.#readings.set(actor, reading)
    return {
      moment,
      events: (name) => reading.events(name).filter(({ arrival }) => arrival > sinceArrival),
      trait: (name) => this.#trait(actor, name, reading.traits),
      quantified: (quantifier) => quantified(actor, quantifier),
    }
  }

  #trait(actor: User | Account, name: string, customTraits: Record<string, JsonValue>): JsonValue[] {
    const reference = actor instanceof User ? this.#definitions.ofUser(name) : this.#definitions.ofAccount(name)
    if (reference === undefined) return reach(customTraits, pathParts(name))
    return reach(definedValue(actor, reference.definition.source), reference.rest)
  }
}

function isAboutPeople(input: OracleInput): input is PeopleInput {
  return ['delete', 'suppress', 'unsuppress', 'unlink'].includes(input.kind)
}

/** Users and accounts of a settlement, each with its standings before it. */
type Before = Map<User | Account, ReadonlyMap<string, Standing>>

/** An actor's events and traits, read once between two inputs. */
class Reading {
  readonly #byName = new Map<string, OracleEvent[]>()
  readonly traits: Record<string, JsonValue>

  constructor(actor: User | Account) {
    this.traits = actor.traitValues
    for (const event of actor.events) {
      const namesakes = this.#byName.get(event.name) ?? []
      namesakes.push(event)
      this.#byName.set(event.name, namesakes)
    }
  }

  events(name: string): readonly OracleEvent[] {
    return this.#byName.get(name) ?? []
  }
}

function standingOf({ source, query }: Definition, actor: User | Account, view: View, was: Standing): Standing {
  if (query.kind === 'audience') return { ...was, member: isEligible(source, actor) && holds(query.condition, view) }
  const value = reduce(query.reduction, view)
  if (!['count', 'unique_count'].includes(query.reduction.reducer.kind)) return { ...was, value }
  const counted = was.counted || value !== 0
  return { ...was, counted, value: counted ? value : null }
}

/** Returns true if a user has an id that lets it into the audience; accounts need none. */
function isEligible(source: DefinitionSource, actor: User | Account): boolean {
  if (actor instanceof Account) return true
  const types = source.filterByExternalIds ?? ['user_id', 'email', 'android.idfa', 'ios.idfa']
  return actor.ids.some(
    ({ type }) => types.includes(type) || (source.includeAnonymousUsers === true && type === 'anonymous_id'),
  )
}

/** Returns a definition's value as an actor sees it: a user is in an account audience if any of its accounts is. */
function definedValue(actor: User | Account, { key, kind, type }: DefinitionSource): JsonValue {
  if (typeOf(actor) === type) return kind === 'audience' ? actor.standing(key).member : actor.standing(key).value
  if (actor instanceof Account || kind === 'computed_trait') return null
  return [...actor.accounts].some((account) => account.standing(key).member)
}

function quantified(actor: User | Account, node: Quantifier): boolean {
  if (actor instanceof User) throw new Error('a quantifier is about the users of an account')
  const operands = [...actor.users].map((user) => user.contributions.get(node) === true)
  switch (node.quantifier) {
    case 'any':
      return operands.includes(true)
    case 'all':
      return !operands.includes(false)
    case 'none':
      return !operands.includes(true)
  }
}

function typeOf(actor: User | Account): DefinitionType {
  return actor instanceof User ? 'USERS' : 'ACCOUNTS'
}

/** The same for the same actor in two oracles that were given the same calls. */
function identityOf(actor: User | Account): string | number {
  return actor instanceof User ? actor.number : actor.label
}

function isSameJson(a: JsonValue, b: JsonValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
