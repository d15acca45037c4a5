/**
 * The actors of a space by their ordinals: awake as objects, or at rest as bytes. Asking for a user wakes it; accounts
 * are always awake.
 *
 * A1. The bytes of an actor at rest are exactly those that a checkpoint stores. They stay while it is awake, until it
 *     is about to change: a user that was only looked at rests again at no cost.
 * A2. Whether an actor is awake or at rest changes nothing that the space does.
 */
import type { AccountActor } from '../actor/account-actor.ts'
import { encodeActor } from './actor-codec.ts'
import { actorsOfPage, PAGE_ACTORS, type PageActor, Pages } from './pages.ts'
import type { ProfileActor } from '../actor/profile-actor.ts'
import { RestingBytes } from './resting-bytes.ts'
import type { SpaceActor } from '../actor/space-actor.ts'
import type { TimingWheel } from '../deadlines/timing-wheel.ts'

/** There is no actor with this ordinal. */
const NOBODY = 0
const USER_KIND = 1
const ACCOUNT_KIND = 2
/** A user that belongs to accounts. */
const MEMBER = 3

/** Makes a user from its bytes, at the present instant. */
export type Wake = (bytes: Uint8Array, dueAt: number) => SpaceActor

export class Roster {
  readonly pages = new Pages((ordinal) => this.#pageActor(ordinal))
  readonly #wake: Wake
  readonly #wheel: TimingWheel
  /** By ordinal, the actors that are awake. */
  readonly #awake: (SpaceActor | undefined)[] = []
  readonly #resting = new RestingBytes()
  #kinds = new Uint8Array(1024)
  #count = 0
  readonly #accounts = new Map<string, AccountActor>()
  /** Users that are awake, the longest first, each with the number of its last settlement. */
  #queue: number[] = []
  #head = 0
  #awakeCount = 0
  #userCount = 0
  /** By page: is it out of memory, and was one of its users touched since it was last looked at? */
  #cold = new Uint8Array(16)
  #touched = new Uint8Array(16)
  #coldCount = 0
  /** The next page to be looked at. */
  #hand = 0

  constructor(wheel: TimingWheel, wake: Wake) {
    this.#wheel = wheel
    this.#wake = wake
  }

  /** The ordinal of the next new actor. */
  get nextOrdinal(): number {
    return this.#count
  }

  get userCount(): number {
    return this.#userCount
  }

  /** The number of users that are objects. */
  get awakeCount(): number {
    return this.#awakeCount
  }

  /** Memory that the bytes of users at rest take up. */
  get restingBytes(): number {
    return this.#resting.heldBytes
  }

  get coldCount(): number {
    return this.#coldCount
  }

  at(ordinal: number): SpaceActor | undefined {
    const awake = this.#awake[ordinal]
    if (awake) return awake
    this.#touched[pageOf(ordinal)] = 1
    const bytes = this.#resting.get(ordinal)
    if (!bytes) return undefined
    const actor = this.#wake(bytes, this.#wheel.deadlineOf(ordinal))
    this.#keepAwake(actor)
    return actor
  }

  /** Returns the user of an ordinal. Throws an Error if there is none. */
  user(ordinal: number): ProfileActor {
    const actor = this.at(ordinal)
    if (actor?.kind !== 'user') throw new Error(`there is no user ${ordinal}`)
    return actor
  }

  account(groupId: string): AccountActor | undefined {
    return this.#accounts.get(groupId)
  }

  /** Returns the account of an ordinal. Throws an Error if there is none. */
  accountAt(ordinal: number): AccountActor {
    const actor = this.#awake[ordinal]
    if (actor?.kind !== 'account') throw new Error(`there is no account ${ordinal}`)
    return actor
  }

  accounts(): IterableIterator<AccountActor> {
    return this.#accounts.values()
  }

  /** Returns the actor of an ordinal if it is awake. */
  awakeAt(ordinal: number): SpaceActor | undefined {
    return this.#awake[ordinal]
  }

  /** Yields the ordinals of all actors, in order. */
  *ordinals(): Generator<number> {
    for (let ordinal = 0; ordinal < this.#count; ordinal++) if (this.#kinds[ordinal] !== NOBODY) yield ordinal
  }

  /** Called before an actor changes. */
  changing(ordinal: number): void {
    this.pages.changing(ordinal)
    this.#resting.delete(ordinal)
  }

  /** Adds an actor under its ordinal. */
  add(actor: SpaceActor): void {
    this.pages.changing(actor.ordinal)
    this.#arrive(actor.ordinal, actor.kind === 'user' ? USER_KIND : ACCOUNT_KIND)
    this.#keepAwake(actor)
    if (actor.kind === 'account') this.#accounts.set(actor.groupId, actor)
  }

  /** Adds a user at rest under its ordinal, as a checkpoint has it. */
  addResting(ordinal: number, bytes: Uint8Array, isMember: boolean): void {
    this.#arrive(ordinal, isMember ? MEMBER : USER_KIND)
    this.#resting.set(ordinal, bytes)
  }

  /** Removes an actor; its ordinal is not used again. */
  remove(actor: SpaceActor): void {
    this.changing(actor.ordinal)
    this.#awake[actor.ordinal] = undefined
    this.#kinds[actor.ordinal] = NOBODY
    if (actor.kind === 'account') this.#accounts.delete(actor.groupId)
    else {
      this.#userCount--
      this.#awakeCount--
    }
  }

  /** Undoes the creation of the newest actor. */
  takeBack(actor: SpaceActor): void {
    this.remove(actor)
    this.#count = actor.ordinal
  }

  /** Sets how many actors there have ever been; those that are not added are no more. */
  expect(count: number): void {
    this.#count = count
    this.#reach(count)
  }

  /** Replaces the bytes of a user that is not awake. @param before its state before, if that is not what is stored */
  rewrite(ordinal: number, bytes: Uint8Array, before?: PageActor): void {
    this.pages.changing(ordinal, before)
    this.#resting.set(ordinal, bytes)
  }

  /** Records that an actor that is awake has changed already, with its state before. */
  changed(ordinal: number, before: PageActor): void {
    this.pages.changing(ordinal, before)
    this.#resting.delete(ordinal)
  }

  /**
   * Puts users to rest: those that have taken part in nothing since `idleSince`, and as many as there are beyond `max`,
   * the longest untouched first. Looks at no more than so many, unless there are too many awake.
   */
  rest({ idleSince, max, looks }: { readonly idleSince: number; readonly max: number; readonly looks: number }): void {
    // The first round marks each, the second lets the marked ones go, unless somebody watches them.
    const rounds = 2 * this.#awakeCount
    for (let look = 0; look < rounds && (look < looks || this.#awakeCount > max); look++) {
      const [ordinal, settlement] = [this.#queue[this.#head]!, this.#queue[this.#head + 1]!]
      this.#head += 2
      const actor = this.#awake[ordinal]
      if (actor?.kind === 'user') {
        const isTired = actor.now < idleSince || (this.#awakeCount > max && actor.settlement === settlement)
        if (isTired && this.#mayRest(actor)) this.#putToRest(actor)
        else this.#queue.push(ordinal, actor.settlement)
      }
      if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head)
        this.#head = 0
      }
    }
  }

  isCold(ordinal: number): boolean {
    return this.#cold[pageOf(ordinal)] === 1
  }

  *coldPages(): Generator<number> {
    for (let page = 0; page * PAGE_ACTORS < this.#count; page++) if (this.#cold[page] === 1) yield page
  }

  /** Keeps a page from being the next to leave memory. */
  touch(page: number): void {
    if (page < this.#touched.length) this.#touched[page] = 1
  }

  /** Puts the users of a page back, if they are not in memory. */
  admitPage(page: number, bytes: Uint8Array): void {
    if (this.#cold[page] !== 1) return
    const [ordinals, actors] = [[...this.#ordinalsOf(page)], actorsOfPage(bytes)]
    if (actors.length !== ordinals.length) throw new Error(`page ${page} has ${actors.length} of ${ordinals.length}`)
    for (const [index, actor] of actors.entries()) this.#resting.set(ordinals[index]!, actor.bytes)
    this.#cold[page] = 0
    this.#touched[page] = 1
    this.#coldCount--
  }

  /** Lets pages go while more than so many bytes are held: those that a checkpoint has, and nobody has touched. */
  releasePages(bytesMax: number, looks: number): void {
    const pages = Math.ceil(this.#count / PAGE_ACTORS)
    for (let look = 0; look < Math.min(looks, pages) && this.#resting.heldBytes > bytesMax; look++) {
      const page = this.#hand % pages
      this.#hand = page + 1
      if (this.#touched[page] === 1) this.#touched[page] = 0
      else if (this.#cold[page] !== 1 && this.#mayGo(page)) {
        for (const ordinal of this.#ordinalsOf(page)) this.#resting.delete(ordinal)
        this.#cold[page] = 1
        this.#coldCount++
      }
    }
  }

  #mayGo(page: number): boolean {
    if (!this.pages.isStored(page)) return false
    // An empty page may not have been read yet: it would be taken for one that has left.
    let isAnybodyThere = false
    for (const ordinal of this.#ordinalsOf(page)) {
      if (this.#kinds[ordinal] !== USER_KIND || this.#awake[ordinal]) return false
      isAnybodyThere = true
    }
    return isAnybodyThere
  }

  *#ordinalsOf(page: number): Generator<number> {
    const end = Math.min((page + 1) * PAGE_ACTORS, this.#count)
    for (let ordinal = page * PAGE_ACTORS; ordinal < end; ordinal++) if (this.#kinds[ordinal] !== NOBODY) yield ordinal
  }

  /** Encodes all actors as they are now, page by page. Throws an Error while a page is out of memory. */
  encodeAll(): Uint8Array[][] {
    const pages: Uint8Array[][] = []
    for (const ordinal of this.ordinals()) {
      const bytes = this.bytesOf(ordinal)
      if (!bytes) throw new Error(`page ${pageOf(ordinal)} is not in memory: what is on it cannot be told`)
      ;(pages[pageOf(ordinal)] ??= []).push(bytes)
    }
    return pages
  }

  /** Returns the bytes of an actor, valid until the next change; undefined if there is none. */
  bytesOf(ordinal: number): Uint8Array | undefined {
    const resting = this.#resting.get(ordinal)
    if (resting) return resting
    const actor = this.#awake[ordinal]
    return actor && encodeActor(actor)
  }

  #pageActor(ordinal: number): PageActor | undefined {
    const bytes = this.bytesOf(ordinal)
    return bytes && { bytes, dueAt: this.#wheel.deadlineOf(ordinal) }
  }

  /** An actor that has failed at its deadline has none any more, but gets one with its next message. */
  #mayRest(actor: ProfileActor): boolean {
    return !actor.isWatched && actor.dueAt === this.#wheel.deadlineOf(actor.ordinal)
  }

  #putToRest(actor: ProfileActor): void {
    const { ordinal } = actor
    if (!this.#resting.has(ordinal)) this.#resting.set(ordinal, encodeActor(actor))
    if (actor.accounts.size > 0) this.#kinds[ordinal] = MEMBER
    actor.leaveMemory()
    this.#awake[ordinal] = undefined
    this.#awakeCount--
  }

  #keepAwake(actor: SpaceActor): void {
    this.#awake[actor.ordinal] = actor
    if (actor.kind !== 'user') return
    this.#awakeCount++
    this.#queue.push(actor.ordinal, actor.settlement)
  }

  #arrive(ordinal: number, kind: number): void {
    this.#count = Math.max(this.#count, ordinal + 1)
    this.#reach(this.#count)
    this.#kinds[ordinal] = kind
    if (kind !== ACCOUNT_KIND) this.#userCount++
  }

  #reach(count: number): void {
    if (count <= this.#kinds.length) return
    const kinds = extended(this.#kinds, Math.max(count, this.#kinds.length * 2))
    this.#kinds = kinds
    const pages = Math.ceil(kinds.length / PAGE_ACTORS)
    this.#cold = extended(this.#cold, pages)
    this.#touched = extended(this.#touched, pages)
    // An array that is written to far beyond its end becomes a dictionary.
    this.#awake.length = kinds.length
  }
}

function pageOf(ordinal: number): number {
  return Math.floor(ordinal / PAGE_ACTORS)
}

function extended(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}
