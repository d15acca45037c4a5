/**
 * An outbox beside a list of all deliveries that is searched from its beginning each time. Both follow the same steps;
 * whatever the outbox gives is held against the list.
 */
import { expect } from 'vitest'
import type { Delivery } from '../../src/outbox/delivery.ts'
import { DestinationOutbox } from '../../src/outbox/destination-outbox.ts'
import { delivery } from './given.ts'

export type Step =
  | { readonly kind: 'add'; readonly actor: number; readonly name: string }
  | { readonly kind: 'take'; readonly lane: number; readonly max: number }
  | { readonly kind: 'settle' | 'settle any' | 'put back' | 'adopt'; readonly pick: number }
  | { readonly kind: 'retry'; readonly pick: number; readonly waitMs: number }
  | { readonly kind: 'collapse'; readonly actor: number; readonly name: string; readonly ageMs: number }
  | { readonly kind: 'unite'; readonly survivor: number; readonly absorbed: readonly number[] }
  | { readonly kind: 'clear'; readonly name: string }
  | { readonly kind: 'wake'; readonly byMs: number }
  | { readonly kind: 'restore' }

/** A delivery that has not arrived. */
interface Held {
  readonly delivery: Delivery
  isUnderWay: boolean
  attempts: number
  triedSince: number
  notBefore: number
  /** Deliveries of others that must go first. */
  readonly after: Set<number>
}

export class OutboxModel {
  readonly #lanes: number
  #outbox: DestinationOutbox
  #held: Held[] = []
  #next = 1
  #now = 1
  /** Actors that are no more: nothing comes for them. */
  readonly #gone = new Set<number>()

  constructor(lanes: number) {
    this.#lanes = lanes
    this.#outbox = new DestinationOutbox(lanes)
  }

  follow(step: Step): void {
    switch (step.kind) {
      case 'add':
        this.#add(delivery(this.#next++, { actor: step.actor, connectionId: step.name, queuedAt: this.#now }))
        break
      case 'take':
        this.#take(step.lane, step.max)
        break
      case 'settle':
        this.#settle(this.#picked(step.pick, ({ isUnderWay }) => isUnderWay))
        break
      case 'settle any':
        this.#settle(this.#picked(step.pick, () => true))
        break
      case 'retry':
        this.#retry(
          this.#picked(step.pick, ({ isUnderWay }) => isUnderWay),
          this.#now + step.waitMs,
        )
        break
      case 'put back':
        this.#putBack(this.#picked(step.pick, ({ isUnderWay }) => isUnderWay))
        break
      case 'adopt':
        this.#adopt(this.#picked(step.pick, () => true))
        break
      case 'collapse':
        this.#collapse(
          delivery(this.#next++, { actor: step.actor, connectionId: step.name, queuedAt: this.#now }),
          step.ageMs,
        )
        break
      case 'unite':
        this.#unite(step.survivor, step.absorbed)
        break
      case 'clear':
        this.#clear(step.name)
        break
      case 'wake':
        this.#now += step.byMs
        this.#outbox.wake(this.#now)
        break
      case 'restore':
        this.#restore()
    }
    this.#compare()
  }

  /** All arrives in the end: nothing waits for what will never come. */
  drain(): void {
    for (let round = 0; this.#held.length > 0; round++) {
      if (round > 1_000) throw new Error(`deliveries ${String(this.#numbers(this.#held))} never go`)
      this.follow({ kind: 'wake', byMs: 100 })
      for (let lane = 0; lane < this.#lanes; lane++) this.follow({ kind: 'take', lane, max: 100 })
      for (const held of this.#held.filter(({ isUnderWay }) => isUnderWay)) this.#settle(held)
    }
    this.#compare()
    expect(this.#outbox.state()).toEqual([])
  }

  #add(added: Delivery): void {
    if (this.#gone.has(added.actor)) return
    const after = this.#unitedBefore.get(added.actor) ?? []
    this.#outbox.add(added)
    this.#held.push({
      delivery: added,
      isUnderWay: false,
      attempts: 0,
      triedSince: 0,
      notBefore: 0,
      after: new Set(after),
    })
  }

  /** By survivor: deliveries that were there for the absorbed when they became one. */
  readonly #unitedBefore = new Map<number, readonly number[]>()

  #isFirst(held: Held): boolean {
    const present = new Set(this.#held.map((other) => other.delivery.number))
    return (
      this.#held.find((other) => other.delivery.actor === held.delivery.actor) === held &&
      ![...held.after].some((number) => present.has(number))
    )
  }

  #take(lane: number, max: number): void {
    const ready = this.#held.filter(
      (held) =>
        held.delivery.actor % this.#lanes === lane &&
        !held.isUnderWay &&
        held.notBefore <= this.#now &&
        this.#isFirst(held),
    )
    this.#outbox.wake(this.#now)
    let count = 0
    const taken = this.#outbox.begin(lane, () => ++count >= max, this.#now)
    expect(new Set(taken).size).toBe(taken.length)
    expect(this.#numbers(ready)).toEqual(expect.arrayContaining(taken.map(({ number }) => number)))
    expect(taken.length).toBe(Math.min(ready.length, Math.max(max, 1)))
    for (const { number } of taken) this.#begin(this.#held.find((held) => held.delivery.number === number)!)
  }

  #begin(held: Held): void {
    held.isUnderWay = true
    held.attempts++
    held.notBefore = 0
    if (held.triedSince === 0) held.triedSince = this.#now
  }

  #settle(held: Held | undefined): void {
    if (!held) return
    const tried = this.#outbox.finish(held.delivery)
    expect(tried?.delivery).toEqual(held.delivery)
    if (held.isUnderWay) {
      const { attempts, triedSince } = held
      expect(tried).toMatchObject({ attempts, triedSince })
    }
    this.#held = this.#held.filter((other) => other !== held)
    expect(this.#outbox.finish(held.delivery)).toBeUndefined()
  }

  #retry(held: Held | undefined, at: number): void {
    if (!held) return
    this.#outbox.retry(held.delivery.number, at)
    held.isUnderWay = false
    held.notBefore = at
  }

  #putBack(held: Held | undefined): void {
    if (!held) return
    this.#outbox.putBack(held.delivery.number)
    held.isUnderWay = false
    held.attempts--
    if (held.attempts === 0) held.triedSince = 0
  }

  #adopt(held: Held | undefined): void {
    if (!held) return
    const isFirst = this.#held.find((other) => other.delivery.actor === held.delivery.actor) === held
    expect(this.#outbox.adopt(held.delivery, this.#now)).toBe(isFirst && !held.isUnderWay)
    if (isFirst && !held.isUnderWay) this.#begin(held)
  }

  #collapse(later: Delivery, ageMs: number): void {
    if (this.#gone.has(later.actor)) return
    const before = this.#now - ageMs
    const gone = this.#held.filter(
      (held) =>
        !held.isUnderWay &&
        held.delivery.actor === later.actor &&
        held.delivery.connectionId === later.connectionId &&
        held.delivery.queuedAt <= before,
    )
    expect(this.#outbox.collapse(later, before)).toBe(gone.length)
    this.#held = this.#held.filter((held) => !gone.includes(held))
    this.#add(later)
  }

  #unite(survivor: number, all: readonly number[]): void {
    const absorbed = all.filter((actor) => actor !== survivor && !this.#gone.has(actor))
    if (this.#gone.has(survivor) || absorbed.length === 0) return
    const ofAbsorbed = this.#held.filter(({ delivery: { actor } }) => absorbed.includes(actor))
    const before = [
      ...(this.#unitedBefore.get(survivor) ?? []),
      ...absorbed.flatMap((actor) => this.#unitedBefore.get(actor) ?? []),
      ...this.#numbers(ofAbsorbed),
    ]
    this.#unitedBefore.set(survivor, before)
    for (const held of this.#held)
      if (held.delivery.actor === survivor) for (const number of before) held.after.add(number)
    this.#outbox.unite(survivor, absorbed)
    for (const actor of absorbed) this.#gone.add(actor)
  }

  #clear(name: string): void {
    const gone = this.#held.filter((held) => !held.isUnderWay && held.delivery.connectionId === name)
    expect(this.#outbox.clear(({ connectionId }) => connectionId === name)).toBe(gone.length)
    this.#held = this.#held.filter((held) => !gone.includes(held))
  }

  /** Ends the tries under way: each delivery is made ready, or adopted. */
  #restore(): void {
    const state = structuredClone(this.#outbox.state())
    this.#outbox = new DestinationOutbox(this.#lanes)
    this.#outbox.restore(state)
    expect(this.#outbox.state().map(({ actor }) => actor)).toEqual(
      expect.arrayContaining(state.map(({ actor }) => actor)),
    )
    for (const held of this.#held) held.isUnderWay = false
  }

  #picked(pick: number, isPossible: (held: Held) => boolean): Held | undefined {
    const possible = this.#held.filter(isPossible)
    return possible[pick % Math.max(possible.length, 1)]
  }

  #numbers(held: readonly Held[]): number[] {
    return held.map(({ delivery: { number } }) => number)
  }

  #compare(): void {
    const underWay = this.#held.filter(({ isUnderWay }) => isUnderWay)
    const retrying = this.#held.filter(({ notBefore }) => notBefore > this.#now)
    expect(this.#outbox.size).toBe(this.#held.length)
    expect(this.#outbox.underWayCount).toBe(underWay.length)
    this.#outbox.wake(this.#now)
    expect(this.#outbox.retryingCount).toBe(retrying.length)
    expect(this.#outbox.nextRetryAt).toBe(Math.min(Infinity, ...retrying.map(({ notBefore }) => notBefore)))
    for (const name of ['con_1', 'con_2'])
      expect(this.#outbox.countOf(name).waiting).toBe(
        this.#held.filter(({ delivery: { connectionId } }) => connectionId === name).length,
      )
    const waiting = this.#outbox.state().flatMap(({ deliveries }) => deliveries.map(({ number }) => number))
    expect(waiting.sort((a, b) => a - b)).toEqual(this.#numbers(this.#held).sort((a, b) => a - b))
  }
}
