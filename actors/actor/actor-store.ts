/** Where the actors of a space keep what they are: their rows, and all that these refer to. */
import type { Subject } from 'rxjs'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { Transition } from '../../src/model/transition.ts'
import { Histories } from '../history/histories.ts'
import { NameTable } from '../packing/name-table.ts'
import { ActorMemory, type MemoryLimits } from '../memory/actor-memory.ts'
import { Rings } from '../memory/rings.ts'
import { DefinedValues } from '../rows/defined-values.ts'
import { IdStore } from '../rows/id-store.ts'
import { Links } from '../rows/links.ts'
import { OriginStore } from '../rows/origin-store.ts'
import { PastTransitions } from '../rows/past-transitions.ts'
import { CONDITIONS, FLAGS, IS_UNBUILT, LINKS } from '../rows/row.ts'
import { Rows } from '../rows/rows.ts'
import { TraitStore } from '../rows/trait-store.ts'
import { type LiveState, LiveStates, writeState } from './live-states.ts'
import type { Laggards } from './laggards.ts'
import type { Account, User } from './message.ts'
import { OlderStore } from './older-store.ts'
import type { PlanPair } from './plan-pair.ts'
import type { SettlementSink } from './settlement-sink.ts'

/** A sixty-fourth of the live states are packed at a time: to look for the oldest takes as long as to pack a few. */
const PACKED_SHIFT = 6

export interface ActorStoreOptions {
  readonly memory: MemoryLimits
  readonly rules: IdentityRules
  readonly sink: SettlementSink
  readonly plans: PlanPair
  /** Makes views that stay with their actors. */
  readonly userAt: (ordinal: number) => User
  readonly accountAt: (ordinal: number) => Account
}

export class ActorStore {
  readonly memory: ActorMemory
  readonly rows: Rows
  readonly rings: Rings
  readonly values: DefinedValues
  readonly past: PastTransitions
  readonly histories: Histories
  readonly traits: TraitStore
  readonly older: OlderStore
  readonly ids: IdStore
  readonly origins: OriginStore
  /** The accounts of a user, by ordinal; the users of an account with the instants at which they were linked. */
  readonly links: Links
  /** The number of an account's users that satisfied each condition when they last settled. */
  readonly satisfying: Links
  readonly rules: IdentityRules
  readonly sink: SettlementSink
  /** States that are by themselves and in use. */
  readonly live = new LiveStates()
  /** By ordinal: actors whose transitions somebody has asked for. */
  readonly watched = new Map<number, Subject<Transition>>()
  readonly userAt: (ordinal: number) => User
  readonly accountAt: (ordinal: number) => Account
  /** By which the states of actors are laid out, but for those that are behind. */
  plans: PlanPair
  /** Actors that have the plans of before; undefined if none has. */
  laggards: Laggards | undefined

  constructor({ memory, rules, sink, plans, userAt, accountAt }: ActorStoreOptions) {
    this.memory = new ActorMemory(memory)
    this.rows = new Rows(this.memory)
    this.rings = new Rings(this.memory, memory.windowEventsMax)
    this.values = new DefinedValues(this.rows)
    this.histories = new Histories(this.rows, new NameTable())
    this.past = new PastTransitions(this.values, this.histories.names)
    this.traits = new TraitStore(this.rows)
    this.older = new OlderStore(this.rows)
    this.ids = new IdStore(this.rows)
    this.origins = new OriginStore(this.rows, this.histories.names)
    this.links = new Links(this.rows, LINKS * 2 + 1)
    this.satisfying = new Links(this.rows, CONDITIONS * 2)
    this.rules = rules
    this.sink = sink
    this.plans = plans
    this.userAt = userAt
    this.accountAt = accountAt
  }

  /** Returns the plans by which the states of an actor are laid out. */
  plansOf(ordinal: number): PlanPair {
    return this.laggards?.isBehind(ordinal) ? this.laggards.plans : this.plans
  }

  /** Lets an action write to the memory of actors outside of any settlement. It must not fail. */
  write(act: () => void): void {
    this.memory.barrier.begin()
    act()
    this.commit()
  }

  /** Ends a settlement that stands. */
  commit(): void {
    this.memory.barrier.commit()
    this.values.members.commit()
    this.rows.commit()
    this.live.commit()
  }

  /** Ends a settlement that failed: all is as it was when it began, but for live states, which are computed again. */
  rollBack(): void {
    this.memory.barrier.rollBack()
    this.values.members.rollBack()
    this.rows.rollBack()
    for (const lost of this.live.rollBack()) this.#lose(lost)
  }

  /**
   * Makes bytes of the live states that nobody has asked for longest, some at a time, if there are more than so many.
   */
  packStates(max: number): void {
    if (this.live.count <= max + (max >> PACKED_SHIFT)) return
    for (const oldest of this.live.takeOldest(max)) {
      this.memory.barrier.begin()
      try {
        this.rows.touch(this.rows.at(oldest.ordinal))
        writeState(this.rows, oldest)
        this.commit()
      } catch {
        // Without memory for its bytes, it is computed again when it is needed.
        this.rollBack()
        this.#lose(oldest)
      }
    }
  }

  /** Lets all states of the actor whose state is lost be computed again when they are next needed. */
  #lose({ ordinal, state }: LiveState): void {
    const row = this.rows.at(ordinal)
    if (row === 0) return
    const { ints } = this.memory.state
    ints[(row + FLAGS) * 2]! |= IS_UNBUILT
    ints[this.rows.find(row, state.node.id) * 2 + 3] = 0
  }

  /** Releases all that an actor holds but its states, and its row, when the settlement stands. */
  remove(ordinal: number, isUser: boolean): void {
    const row = this.rows.at(ordinal)
    this.rows.touch(row)
    this.values.release(row)
    this.traits.release(row)
    this.ids.release(row)
    this.origins.release(row)
    this.links.release(row)
    if (isUser) {
      this.older.release(row)
      this.histories.release(row)
    } else this.satisfying.release(row)
    this.rows.remove(ordinal)
  }
}
