/**
 * Gives the actors other definitions: every actor computes its state again under the new plans, at the present instant.
 *
 * O1. Linked accounts and users settle together; nobody else reaches them. So the space is gone through in groups, and
 *     users that were at rest are so again before the next group.
 * O2. All actors get the definitions or none: if one fails, those before it are restored.
 * O3. An actor whose bytes stay the same has not changed, and is not stored anew.
 */
import type { Transition } from '../../src/model/transition.ts'
import type { AccountActor } from '../actor/account-actor.ts'
import { type ActorDecoder, encodeActor } from '../memory/actor-codec.ts'
import { readFrame } from '../memory/actor-frame.ts'
import { settledAt } from '../actor/settled-at.ts'
import { beginCount, dropEnded } from './ever-counted.ts'
import { mementoOf } from '../actor/defined-value.ts'
import { PAGE_ACTORS, type PageActor } from '../memory/pages.ts'
import type { Plans } from '../compiler/compile.ts'
import type { DefinitionInput } from '../compiler/references.ts'
import type { Roster } from '../memory/roster.ts'
import type { Settlement } from '../settlement/settlement.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'

export interface RedefinitionOptions {
  readonly roster: Roster
  readonly settlement: Settlement
  readonly decoder: ActorDecoder
  readonly wheel: TimingWheel
  /** Called after each group. */
  readonly rest: () => void
}

/** The definitions that the actors get. */
export interface NewDefinitions {
  readonly plans: Plans
  readonly oldPlans: Plans
  /** Definitions that begin, or begin anew. */
  readonly begun: readonly DefinitionInput[]
  readonly inputs: readonly DefinitionInput[]
  readonly now: number
}

/** An actor that takes part, and its state before. */
interface RedefinedActor {
  readonly actor: SpaceActor
  readonly before: PageActor
  /** Restores the values of an actor that was awake. */
  readonly giveBack: (() => void) | undefined
}

export class Redefinition {
  readonly #options: RedefinitionOptions
  #isUnderWay = false

  constructor(options: RedefinitionOptions) {
    this.#options = options
  }

  /** True while actors settle for new definitions. */
  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** Gives all actors the definitions. Throws the error of an actor that fails; then nothing has changed. */
  adopt(definitions: NewDefinitions, transitions: Transition[]): void {
    const adopters: RedefinedActor[] = []
    this.#isUnderWay = true
    try {
      for (const group of this.#groups()) {
        adopters.push(...this.#adoptTogether(group, definitions, transitions))
        this.#options.rest()
      }
    } catch (cause) {
      for (const adopter of adopters.reverse()) this.#takeBack(adopter, definitions)
      throw cause
    } finally {
      this.#isUnderWay = false
    }
  }

  /** @returns the actors that must be restored if another fails */
  #adoptTogether(group: readonly number[], definitions: NewDefinitions, transitions: Transition[]): RedefinedActor[] {
    const { settlement } = this.#options
    const { plans, begun, inputs, now } = definitions
    const adopters = group.map((ordinal) => this.#adopter(ordinal, plans))
    settlement.begin(now)
    try {
      for (const { actor } of adopters) dropEnded(actor, plans[actor.kind])
      for (const { actor } of adopters) {
        actor.next({ kind: 'definitions changed', at: now, plan: plans[actor.kind] })
        for (const input of begun) beginCount(actor, plans[actor.kind], input, { inputs, now })
      }
      settlement.finish(transitions)
    } catch (cause) {
      settlement.rollBack()
      for (const adopter of adopters) this.#takeBack(adopter, definitions)
      throw cause
    }
    return adopters.filter((adopter) => this.#isAnother(adopter))
  }

  #adopter(ordinal: number, plans: Plans): RedefinedActor {
    const { roster, decoder, wheel } = this.#options
    const before = { bytes: Buffer.from(roster.bytesOf(ordinal)!), dueAt: wheel.deadlineOf(ordinal) }
    const awake = roster.awakeAt(ordinal)
    if (awake) return { actor: awake, before, giveBack: mementoOf(awake.defined) }
    return { actor: decoder.actorOf(readFrame(before.bytes), plans), before, giveBack: undefined }
  }

  /** Stores the new state of an actor; returns true if it must be restored on a failure. Keeps O3. */
  #isAnother({ actor, before, giveBack }: RedefinedActor): boolean {
    const { roster, wheel } = this.#options
    const { ordinal } = actor
    const after = encodeActor(actor)
    const isSame = after.equals(before.bytes) && actor.dueAt === before.dueAt
    if (giveBack) {
      if (!isSame) roster.changed(ordinal, before)
      return true
    }
    if (!isSame) roster.rewrite(ordinal, after, before)
    wheel.set(ordinal, actor.dueAt)
    if (actor.kind === 'user') actor.leaveMemory()
    return !isSame
  }

  /** Keeps O2. */
  #takeBack({ actor, before, giveBack }: RedefinedActor, { oldPlans, now }: NewDefinitions): void {
    const { roster, settlement, wheel } = this.#options
    const { ordinal } = actor
    if (roster.awakeAt(ordinal) === actor) {
      giveBack!()
      settlement.quietly(() => actor.restore(settledAt(now, before.dueAt), oldPlans[actor.kind]))
      actor.schedule()
      actor.dueAt = before.dueAt
    } else roster.rewrite(ordinal, before.bytes)
    wheel.set(ordinal, before.dueAt)
  }

  /** Yields the ordinals of actors that settle together. Keeps O1. */
  *#groups(): Generator<readonly number[]> {
    const { roster } = this.#options
    const accountsOf = new Map<number, AccountActor[]>()
    for (const account of roster.accounts())
      for (const user of account.users.keys()) {
        const accounts = accountsOf.get(user)
        if (accounts) accounts.push(account)
        else accountsOf.set(user, [account])
      }
    const reached = new Set<AccountActor>()
    for (const account of roster.accounts())
      if (!reached.has(account)) {
        const group = linkedTo(account, accountsOf, reached)
        // Linked users are looked for by the others of their group.
        yield group.filter((ordinal) => roster.at(ordinal))
      }
    let alone: number[] = []
    for (const ordinal of roster.ordinals()) {
      if (accountsOf.has(ordinal) || roster.awakeAt(ordinal)?.kind === 'account') continue
      alone.push(ordinal)
      if (alone.length < PAGE_ACTORS) continue
      yield alone
      alone = []
    }
    yield alone
  }
}

/** Lists the ordinals of all actors that are linked to an account through accounts and users, in order. */
function linkedTo(
  first: AccountActor,
  accountsOf: ReadonlyMap<number, readonly AccountActor[]>,
  reached: Set<AccountActor>,
): number[] {
  const group = new Set<number>()
  const waiting = [first]
  reached.add(first)
  for (let account = waiting.pop(); account; account = waiting.pop()) {
    group.add(account.ordinal)
    for (const user of account.users.keys()) {
      if (group.has(user)) continue
      group.add(user)
      for (const other of accountsOf.get(user)!) {
        if (reached.has(other)) continue
        reached.add(other)
        waiting.push(other)
      }
    }
  }
  return [...group].sort((a, b) => a - b)
}
