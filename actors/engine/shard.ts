/**
 * The engine of one space: a state machine over the entries of its journal. It reads no clock, no environment and no
 * randomness; the same entries give the same transitions, byte for byte.
 *
 * Order at one instant (normative in docs/semantics.md): deadlines strictly before an entry's receive time fire first,
 * each at its own instant; then the input is applied, and its profile settles once, with everything due for it at that
 * time; deadlines of others at that time fire when the clock moves on.
 */
import type { DefinitionSource } from '../../src/model/definition.ts'
import { type Command, isAboutPeople } from '../../src/model/entry.ts'
import { canonicalId, DEFAULT_IDENTITY_RULES, type IdentityRules } from '../../src/model/external-id.ts'
import { KEEP_ALL, type Retention } from '../../src/model/retention.ts'
import {
  checkRulesVersion,
  doWindowsCountAll,
  FIRST_RULES_VERSION,
  identityRulesOf,
  RULES_VERSION,
} from '../../src/model/rules.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { AccountActor } from '../actor/account-actor.ts'
import { type Applied, type AppliedEntry, type CallOutcome, type CompiledCommand, NO_OUTCOMES } from './applied.ts'
import type { ShardCut, ShardHead, ShardOptions, ShardRestoration, ShardState } from './shard-state.ts'
import type { ActorReader } from '../records/actor-reader.ts'
import type { ChangeoverView } from './changeover.ts'
import { Definitions } from '../compiler/definitions.ts'
import type { Deduplication } from '../deduplication/deduplication.ts'
import type { CompiledDefinitions, DefinitionCommand } from '../compiler/defined-plans.ts'
import { sumOfWork, type Work } from '../plan/predicate.ts'
import type { CallContext } from './call-application.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'
import { exactSince } from './forget-events.ts'
import type { Suppressions } from '../identity/suppressions.ts'
import { Restoration } from './restoration.ts'
import { SMALL_MEMORY } from '../memory/actor-memory.ts'
import { PAGE_ACTORS } from '../records/pages.ts'
import type { ResidentPages } from './resident-pages.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import { ActorSystem } from './actor-system.ts'
import { kindOfType } from '../compiler/references.ts'
import type { Condition } from '../../src/language/tree.ts'
import { Draft, type DraftOptions } from './draft.ts'
import { ActorInspection } from './inspection.ts'

const LIVE_STATES_MAX = 20_000

export class Shard {
  readonly #identityRules: IdentityRules
  readonly #system: ActorSystem
  #rulesVersion: number

  constructor({
    definitions = [],
    identity = DEFAULT_IDENTITY_RULES,
    rules = RULES_VERSION,
    retention = KEEP_ALL,
    deduplication,
    memory = SMALL_MEMORY,
    liveStatesMax = LIVE_STATES_MAX,
    residentBytesMax = Infinity,
    observer,
  }: ShardOptions = {}) {
    this.#identityRules = identity
    this.#rulesVersion = rules
    this.#system = new ActorSystem({
      definitions: Definitions.of(definitions),
      identity,
      retention,
      deduplication,
      memory,
      liveStatesMax,
      residentBytesMax,
      observer,
      doWindowsCountAll: () => doWindowsCountAll(this.#rulesVersion),
    })
  }

  get deduplication(): Deduplication {
    return this.#system.deduplication
  }

  /** The ids whose calls are dropped. */
  get suppressions(): Suppressions {
    return this.#system.suppressions
  }

  get residentPages(): ResidentPages {
    return this.#system.residentPages
  }

  get reader(): ActorReader {
    return this.#system.reader
  }

  /** The space's present, epoch ms. */
  get clock(): number {
    return this.#system.clock.now
  }

  get retention(): Retention {
    return this.#system.retention
  }

  /** The version of the rules that hold for the next entry. */
  get rulesVersion(): number {
    return this.#rulesVersion
  }

  /** The rules by which the calls of the next entry are read. */
  get identityRules(): IdentityRules {
    return identityRulesOf(this.#rulesVersion, this.#identityRules)
  }

  get definitions(): Definitions {
    return this.#system.defined.definitions
  }

  /** True while users take more memory than they may: pages leave it after the next entries. */
  get isOverMemory(): boolean {
    return this.#system.isOverMemory
  }

  /** Calls that the space has taken up. */
  get callCount(): number {
    return this.#system.calls.arrivals
  }

  get profileCount(): number {
    return this.#system.roster.userCount
  }

  get accountCount(): number {
    return this.#system.roster.accountCount
  }

  /** The work done so far by users and accounts together. */
  get work(): Work {
    const { user, account } = this.#system.defined.plans
    return sumOfWork(user.work, account.work)
  }

  /** Applies one entry. Throws an EngineError for a command that breaks a rule; then nothing has changed. */
  apply(entry: AppliedEntry): Applied {
    if (!Number.isSafeInteger(entry.receivedAt)) throw new RangeError('receivedAt: expected integer epoch ms')
    const transitions: Transition[] = []
    const outcomes = this.#applyEntry(entry, transitions)
    this.#system.release()
    return { transitions, outcomes, faults: this.#system.clock.takeFaults() }
  }

  #applyEntry(entry: AppliedEntry, transitions: Transition[]): readonly CallOutcome[] {
    switch (entry.kind) {
      case 'calls':
        return this.#system.calls.apply(entry, this.#callContext(), transitions)
      case 'tick':
        this.#system.clock.moveTo(entry.receivedAt, transitions)
        return NO_OUTCOMES
      case 'command':
        this.#command(entry, transitions)
        return NO_OUTCOMES
    }
  }

  /**
   * Returns the whole state as plain data, without what follows from it; windows that count forgotten events do so no
   * longer in a shard that is restored from it. All users must be in memory.
   */
  state(): ShardState {
    return {
      ...this.#head(),
      pages: this.#system.encodeAll(),
      fingerprints: this.deduplication.chunks(),
    }
  }

  /**
   * Opens a cut: the changes since the last one, as of now. To be called between two entries; a cut before it that was
   * not ended is dropped.
   */
  cut(): ShardCut {
    return { head: this.#head(), pages: this.#system.roster.pages.cut(), fingerprints: this.deduplication.log() }
  }

  /** Ends the current cut: it was stored, or its changes go into the next one. */
  endCut(isStored: boolean): void {
    if (isStored) this.residentPages.stored()
    else this.#system.roster.pages.takeBack()
  }

  #head(): ShardHead {
    const changeover = this.#system.changeover.stored()
    return {
      clock: this.#system.clock.now,
      arrivals: this.#system.calls.arrivals,
      names: [...this.#system.store.histories.names.toArray()],
      ...(this.suppressions.size > 0 && { suppressed: this.suppressions.state() }),
      ...this.definitions.toData(),
      ...(changeover && { changeover }),
      layouts: this.#system.defined.layouts,
      retention: this.#system.retention,
      rules: this.#rulesVersion,
      deduplication: this.deduplication.head(),
      ordinals: this.#system.roster.nextOrdinal,
    }
  }

  /** Restores a shard from its state. */
  static of(state: ShardState, options: ShardOptions = {}): Shard {
    const restoring = Shard.restoring(state, options)
    for (const page of state.pages) restoring.addPage([page])
    for (const chunk of state.fingerprints) restoring.addFingerprints(chunk)
    return restoring.finish()
  }

  /** Restores a shard part by part: pages in any order, chunks of fingerprints in order. */
  static restoring(head: ShardHead, options: ShardOptions = {}): ShardRestoration<Shard> {
    const { rules = FIRST_RULES_VERSION } = head
    checkRulesVersion(rules)
    const shard = new Shard({ ...options, rules, retention: { ...KEEP_ALL, ...head.retention } })
    return new Restoration(shard, shard.#system, head)
  }

  /** Returns the next instant at which something happens by time alone; infinite if there is none. */
  nextDue(): number {
    return this.#system.wheel.earliest()
  }

  /** Returns the profile that an id names, whatever the case of an email. */
  profile(type: string, value: string): ProfileActor | undefined {
    const ordinal = this.#system.identity.ordinalOf(type, canonicalId(type, value))
    if (ordinal < 0) return undefined
    this.#system.roster.touch(Math.floor(ordinal / PAGE_ACTORS))
    return this.#system.seen(ordinal) as ProfileActor | undefined
  }

  /** Returns the ordinal of a user by one of its ids, in memory or not; -1 if there is none. */
  ordinalOf(type: string, value: string): number {
    return this.#system.identity.ordinalOf(type, canonicalId(type, value))
  }

  /** Returns the ordinal of an account, in memory or not; -1 if there is none. */
  ordinalOfAccount(groupId: string): number {
    return this.#system.roster.account(groupId) ?? -1
  }

  /** Calls back with the ordinal of each actor that is about to change, come or go, until the returned function is called. */
  watch(changing: (ordinal: number) => void): () => void {
    return this.#system.roster.watch(changing)
  }

  account(groupId: string): AccountActor | undefined {
    const ordinal = this.#system.roster.account(groupId)
    return ordinal === undefined ? undefined : (this.#system.seen(ordinal) as AccountActor | undefined)
  }

  /** Returns the instant since which the value of a definition is exact; see `exactSince`. */
  exactSince(actor: SpaceActor, definition: number): number | undefined {
    const node = this.#system.defined.plans[actor.kind].byId.get(definition)
    const input = this.definitions.inputs().find(({ id }) => id === definition)
    if (!node || !input) return undefined
    return exactSince(actor, node, { definedAt: input.definedAt, now: this.clock })
  }

  /** Returns all users and accounts that are in memory, in order. */
  actors(): readonly SpaceActor[] {
    return Array.from(this.#system.roster.ordinals(), (ordinal) => this.#system.seen(ordinal)).filter(
      (actor) => actor !== undefined,
    )
  }

  /** Makes a draft of a definition under the present ones. Throws an EngineError for one that does not compile. */
  draft(source: DefinitionSource, parts: readonly Condition[] = []): Draft {
    return new Draft(this.draftOptions(source), parts)
  }

  /** Makes a draft of a definition that is there, by its number, as if it were not; undefined if there is none. */
  draftOf(definition: number): Draft | undefined {
    const options = this.draftOptionsOf(definition)
    return options && new Draft(options)
  }

  /** Reads a definition as one that begins now, under the present ones. Throws an EngineError if it breaks a rule. */
  draftOptions(source: DefinitionSource): DraftOptions {
    const { calls, clock, store } = this.#system
    const moment = { arrivals: calls.arrivals, at: clock.now }
    const input = Definitions.draft(source, this.definitions.nextId, moment)
    return { input, definitions: this.definitions, rules: store.rules }
  }

  /** Returns a definition that is there, by its number; undefined if there is none. */
  draftOptionsOf(definition: number): DraftOptions | undefined {
    const input = this.definitions.inputs().find(({ id }) => id === definition)
    return input && { input, definitions: this.definitions, rules: this.#system.store.rules }
  }

  /** Counts the nodes that a definition would add, and those that it would share with others. It must compile. */
  nodesOf(source: DefinitionSource): { readonly nodesAdded: number; readonly nodesShared: number } {
    const { clock, defined } = this.#system
    const { plans } = this.#compile({ kind: 'define', definition: source }, clock.now)
    const kind = kindOfType(source)
    const added = plans[kind].definitions.find(({ key, kind: of }) => key === source.key && of === source.kind)!
    const nodes = [...added.inputs.nodes]
    const nodesShared = nodes.filter(({ id }) => defined.plans[kind].states[id]).length
    return { nodesAdded: nodes.length - nodesShared, nodesShared }
  }

  /** The change of definitions that is under way, if there is one. */
  get changeover(): ChangeoverView {
    return this.#system.changeover
  }

  /** Looks at what is kept of the actors that are in memory now. */
  inspection(): ActorInspection {
    return new ActorInspection(this.#system.store, this.actors(), this.clock)
  }

  #callContext(): CallContext {
    return {
      identityRules: this.identityRules,
      doWindowsCountAll: doWindowsCountAll(this.#rulesVersion),
      retention: this.#system.retention,
      plans: this.#system.defined.plans,
    }
  }

  /**
   * Compiles what a command changes, before it is applied. Throws an EngineError for a command that breaks a rule.
   * Returns undefined for one that compiles nothing.
   */
  compile(command: Command, receivedAt: number): CompiledDefinitions | undefined {
    if (isAboutPeople(command)) this.#system.people.check(command)
    return command.kind === 'define' || command.kind === 'remove' ? this.#compile(command, receivedAt) : undefined
  }

  #compile(command: DefinitionCommand, receivedAt: number): CompiledDefinitions {
    const { calls, changeover, clock, defined } = this.#system
    const now = { arrivals: calls.arrivals, at: Math.max(clock.now, receivedAt) }
    return defined.compile(command, now, changeover.intended)
  }

  #command({ command, receivedAt, compiled }: CompiledCommand, transitions: Transition[]): void {
    const { changeover, clock, people } = this.#system
    const changed =
      command.kind === 'define' || command.kind === 'remove'
        ? (compiled ?? this.#compile(command, receivedAt))
        : undefined
    if (command.kind === 'use rules') checkRulesVersion(command.version)
    clock.moveTo(receivedAt, transitions)
    switch (command.kind) {
      case 'retain':
        this.#system.retain({ ...KEEP_ALL, ...command.retention })
        return
      case 'use rules':
        this.#rulesVersion = command.version
        return
      case 'proceed':
        changeover.proceed(command.slice, transitions)
        return
      case 'define':
      case 'remove':
        if (command.inSteps) changeover.begin(changed!, transitions)
        else this.#redefine(changed!, transitions)
        return
      default:
        people.apply(command, transitions)
    }
  }

  #redefine(changed: CompiledDefinitions, transitions: Transition[]): void {
    if (this.#system.changeover.walk) throw new Error('a change of definitions is under way')
    const { plans: oldPlans } = this.#system.defined
    this.#system.defined.replace(changed)
    const { after, ...change } = changed
    try {
      this.#system.redefinition.adopt(
        {
          ...change,
          oldPlans,
          inputs: after.inputs(),
          isAside: (id) => after.isAside(id),
          now: this.#system.clock.now,
        },
        transitions,
      )
    } catch (cause) {
      this.#system.defined.goBack(changed, oldPlans)
      throw cause
    }
  }
}
