/** The state of one stream in a block, beside the events that it has seen and the accumulator of its reducer. */
import { EventReader } from '../../actors/packing/event-codec.ts'
import { Scratch } from '../../actors/packing/scratch.ts'
import { NO_NAMES } from '../../actors/packing/name-table.ts'
import { expect } from 'vitest'
import { compilePlans } from '../../actors/compiler/compile.ts'
import { Definitions } from '../../actors/compiler/definitions.ts'
import { ActorMemory, SMALL_MEMORY, type MemoryLimits } from '../../actors/memory/actor-memory.ts'
import { Rings } from '../../actors/memory/rings.ts'
import { STATE } from '../../actors/memory/write-barrier.ts'
import type { ChangeReader, Group, GroupMember } from '../../actors/plan/group.ts'
import type { Host } from '../../actors/plan/host.ts'
import type { StreamNode } from '../../actors/plan/stream-node.ts'
import { createAccumulator } from '../../actors/reducers/create-accumulator.ts'
import { compareEvents, type ProfileEvent } from '../../src/model/event.ts'
import type { JsonValue } from '../../src/model/json.ts'

/** An event that comes at an instant, so many ms late. */
export interface Step {
  readonly afterMs: number
  readonly lateMs: number
  /** The property `x`. */
  readonly value: JsonValue
  /** Nothing comes, but time goes on. */
  readonly isTick: boolean
  /** The number of the write at which it fails first; 0 for none. */
  readonly failsAt: number
}

const FAULT = new Error('injected')

export class KeptGroup implements ChangeReader {
  readonly memory: ActorMemory
  readonly node: StreamNode
  /** Words that were copied, or allocated, since the last look. */
  words = 0
  now = 1_000_000
  readonly #rings: Rings
  readonly #group: Group
  readonly #member: GroupMember
  #block: number
  #events: ProfileEvent[] = []
  #arrivals = 0
  #due = Infinity
  #writesLeft = Infinity
  #isTold = false

  /** @param query of a computed trait, over events 'A' */
  constructor(query: string, limits: MemoryLimits = SMALL_MEMORY) {
    this.memory = new ActorMemory(limits)
    this.#rings = new Rings(this.memory)
    const source = { kind: 'computed_trait', key: 'a', type: 'USERS', query } as const
    const { user } = compilePlans(Definitions.of([source]).inputs())
    this.node = user.states.find((state) => state?.kind === 'stream')!
    this.#group = user.states.find((state) => state?.kind === 'group')!
    this.#member = user.events.match(this.#eventOf(0, null), user.work)[0]!.member!
    this.#count('touchWords', 3)
    this.#count('touch', 2)
    this.#count('allocate', 1)
    this.memory.barrier.begin()
    this.#block = this.memory.barrier.allocate(STATE, this.#group.words)
    this.#group.init(this.#rings, this.#block)
    this.memory.barrier.commit()
  }

  /** Everything is told: a definition is evaluated again when it reads something that has changed. */
  onChange(): void {
    this.#isTold = true
  }

  onAnyChange(): void {
    this.#isTold = true
  }

  get value(): JsonValue {
    return this.node.place!.value(this.#rings, this.#block)
  }

  /** Takes a step, after one that fails; holds the value to that of the accumulator. */
  take(step: Step): void {
    const target = this.now + step.afterMs
    this.#goTo(target)
    this.now = target
    const event = step.isTick ? undefined : this.#eventOf(step.lateMs, step.value)
    if (step.failsAt > 0) this.#fail(event, step.failsAt)
    this.#settleAndTell(event)
    if (event) this.#events = [...this.#events, event].sort(compareEvents)
    this.check()
  }

  check(): void {
    expect(JSON.stringify(this.value)).toBe(JSON.stringify(this.#expected(this.now)))
  }

  /** Takes an event up, after those that are known, without a look at the value. */
  add(ts: number, value: JsonValue): void {
    this.now = Math.max(this.now, ts)
    const event = this.#eventOf(this.now - ts, value)
    this.#settle(event)
    this.#events.push(event)
  }

  addOlder(total: JsonValue): void {
    this.memory.barrier.begin()
    this.memory.barrier.touch(STATE, this.#block, this.#group.words)
    this.#group.addOlder(this.#rings, this.#block, () => total, this)
    this.memory.barrier.commit()
  }

  /** Goes on with a block that was written, and read again. */
  reopen(): void {
    const scratch = new Scratch()
    this.#group.write(scratch, this.#rings, this.#block)
    const before = this.#block
    this.memory.barrier.begin()
    this.#block = this.memory.barrier.allocate(STATE, this.#group.words)
    this.#group.read(new EventReader(scratch.copy(), NO_NAMES), this.#rings, this.#block)
    this.#group.release(this.#rings, before)
    this.memory.barrier.releaseLater(STATE, before)
    this.memory.barrier.commit()
    this.check()
  }

  /** Drops all that the state holds; returns the bytes that are used then. */
  drop(): number {
    this.memory.barrier.begin()
    this.#group.release(this.#rings, this.#block)
    this.memory.barrier.releaseLater(STATE, this.#block)
    this.memory.barrier.commit()
    return this.memory.usedBytes
  }

  #fail(event: ProfileEvent | undefined, writes: number): void {
    const before = JSON.stringify(this.value)
    this.#writesLeft = writes
    const due = this.#due
    expect(() => this.#settle(event)).toThrow(FAULT)
    this.memory.barrier.rollBack()
    this.#writesLeft = Infinity
    this.#due = due
    expect(JSON.stringify(this.value)).toBe(before)
  }

  #settle(event: ProfileEvent | undefined): void {
    this.memory.barrier.begin()
    this.memory.barrier.touch(STATE, this.#block, this.#group.words)
    if (event) this.#member.insert(this.#rings, this.#block, event, this.#hostWith(event))
    this.#due = this.#group.evaluate(this.#rings, this.#block, this.now, this)
    if (this.#writesLeft < Infinity) throw FAULT
    this.memory.barrier.commit()
  }

  /** The actor, whose history has the event already. */
  #hostWith(event: ProfileEvent): Host {
    return {
      now: this.now,
      keptEvents: () => [...this.#events, event].sort(compareEvents),
      readTrait: () => undefined,
      occurrencesOf: () => undefined,
      windowsLack: () => undefined,
    }
  }

  /** A value that changes is passed on. */
  #settleAndTell(event: ProfileEvent | undefined): void {
    const before = JSON.stringify(this.value)
    this.#isTold = false
    this.#settle(event)
    if (JSON.stringify(this.value) !== before) expect(this.#isTold).toBe(true)
  }

  /** Settles whenever it is due; nothing changes by time alone before. */
  #goTo(target: number): void {
    while (this.#due <= target) {
      this.#expectUnchanged(this.#due - 1)
      this.now = this.#due
      this.#settleAndTell(undefined)
      expect(this.#due).toBeGreaterThan(this.now)
    }
    this.#expectUnchanged(target)
  }

  #expectUnchanged(now: number): void {
    if (now > this.now) expect(JSON.stringify(this.#expected(now))).toBe(JSON.stringify(this.value))
  }

  #expected(now: number): JsonValue {
    const { window, reducer, read, sessionGap, totalKey } = this.node
    const isIn = ({ ts }: ProfileEvent) => ts + window.from <= now && ts + window.to > now
    let counted = totalKey === undefined ? this.#events.filter(isIn) : this.#events
    const last = counted.at(-1)
    if (sessionGap < Infinity && last) {
      let first = counted.length - 1
      while (first > 0 && counted[first]!.ts - counted[first - 1]!.ts < sessionGap) first--
      counted = last.ts + sessionGap > now ? counted.slice(first) : []
    }
    const accumulator = createAccumulator(reducer, false)
    for (const event of counted) accumulator.add(event, read?.(event))
    return accumulator.result()
  }

  #eventOf(lateMs: number, x: JsonValue): ProfileEvent {
    const ts = this.now - lateMs
    const properties = x === null ? {} : { x }
    const arrival = this.#arrivals++
    return { name: 'A', ts, arrival, receivedAt: this.now, sourceId: '', messageId: '', properties, context: {} }
  }

  /** Counts the words that a method of the barrier is given, and makes it a step that may fail. */
  #count(name: 'touch' | 'touchWords' | 'allocate', argument: number): void {
    const { barrier } = this.memory
    const method = barrier[name].bind(barrier) as (...args: number[]) => number
    Object.assign(barrier, {
      [name]: (...args: number[]) => {
        if (--this.#writesLeft <= 0) throw FAULT
        this.words += args[argument]!
        return method(...args)
      },
    })
  }
}
