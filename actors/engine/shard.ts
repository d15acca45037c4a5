/**
 * The engine of one space: a state machine over the entries of its journal. It reads no clock, no environment and no
 * randomness; the same entries give the same transitions, byte for byte.
 *
 * Order at one instant (normative in docs/semantics.md): deadlines strictly before an entry's receive time fire first,
 * each at its own instant; then the input is applied, and its profile settles once, with everything due for it at that
 * time; deadlines of others at that time fire when the clock moves on.
 */
import type { Command } from '../../src/model/entry.ts'
import { canonicalId, DEFAULT_IDENTITY_RULES, type IdentityRules } from '../../src/model/external-id.ts'
import { KEEP_ALL, type Retention } from '../../src/model/retention.ts'
import { checkRulesVersion, FIRST_RULES_VERSION, RULES_VERSION } from '../../src/model/rules.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { AccountActor } from '../actor/account-actor.ts'
import { type Applied, type AppliedEntry, type CallOutcome, NO_OUTCOMES } from './applied.ts'
import type { ShardCut, ShardHead, ShardOptions, ShardRestoration, ShardState } from './shard-state.ts'
import type { ActorReader } from '../records/actor-reader.ts'
import type { ChangeoverView } from './changeover.ts'
import { Definitions } from '../compiler/definitions.ts'
import type { Deduplication } from '../deduplication/deduplication.ts'
import type { CompiledDefinitions } from '../compiler/defined-plans.ts'
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
import { Commands } from './commands.ts'
import { Drafts } from './drafts.ts'
import { SpaceRules } from './space-rules.ts'
import { headOf } from './stored-head.ts'
import { ActorInspection } from './inspection.ts'

const LIVE_STATES_MAX = 20_000

export class Shard {
  readonly #system: ActorSystem
  readonly #commands: Commands
  /** Definitions as they would be, under the present ones. */
  readonly drafts: Drafts

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
    this.#system = new ActorSystem({
      definitions: Definitions.of(definitions),
      rules: new SpaceRules(rules, identity),
      identity,
      retention,
      deduplication,
      memory,
      liveStatesMax,
      residentBytesMax,
      observer,
    })
    this.#commands = new Commands(this.#system)
    this.drafts = new Drafts(this.#system, this.#commands)
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
    return this.#system.schedule.retention
  }

  /** The version of the rules that hold for the next entry. */
  get rulesVersion(): number {
    return this.#system.rules.version
  }

  /** The rules by which the calls of the next entry are read. */
  get identityRules(): IdentityRules {
    return this.#system.rules.identity
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
        this.#commands.apply(entry, transitions)
        return NO_OUTCOMES
    }
  }

  /**
   * Returns the whole state as plain data, without what follows from it; windows that count forgotten events do so no
   * longer in a shard that is restored from it. All users must be in memory.
   */
  state(): ShardState {
    return {
      ...headOf(this.#system),
      pages: this.#system.stored.encodeAll(),
      fingerprints: this.deduplication.chunks(),
    }
  }

  /**
   * Opens a cut: the changes since the last one, as of now. To be called between two entries; a cut before it that was
   * not ended is dropped.
   */
  cut(): ShardCut {
    return {
      head: headOf(this.#system),
      pages: this.#system.roster.pages.cut(),
      fingerprints: this.deduplication.log(),
    }
  }

  /** Ends the current cut: it was stored, or its changes go into the next one. */
  endCut(isStored: boolean): void {
    if (isStored) this.residentPages.stored()
    else this.#system.roster.pages.takeBack()
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

  /** The change of definitions that is under way, if there is one. */
  get changeover(): ChangeoverView {
    return this.#system.changeover
  }

  /** Looks at what is kept of the actors that are in memory now. */
  inspection(): ActorInspection {
    return new ActorInspection(this.#system.store, this.actors(), this.clock)
  }

  #callContext(): CallContext {
    const { defined, rules, schedule } = this.#system
    return {
      identityRules: rules.identity,
      doWindowsCountAll: rules.doWindowsCountAll,
      retention: schedule.retention,
      plans: defined.plans,
    }
  }

  /**
   * Compiles what a command changes, before it is applied. Throws an EngineError for a command that breaks a rule.
   * Returns undefined for one that compiles nothing.
   */
  compile(command: Command, receivedAt: number): CompiledDefinitions | undefined {
    return this.#commands.compile(command, receivedAt)
  }
}
