/** The timing wheel against a list of deadlines that is searched from end to end. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TimingWheel } from '../../../actors/deadlines/timing-wheel.ts'
import { propertyRuns } from '../../support/runs.ts'

/** Past the year 10000; the wheel's levels all come into play below it. */
const INSTANT_MAX = 2 ** 48

/** The naive twin. */
class Deadlines {
  readonly #byActor = new Map<number, number>()
  readonly #taken = new Map<number, number>()

  set(actor: number, deadline: number): void {
    this.#taken.delete(actor)
    this.#byActor.set(actor, deadline)
  }

  deadlineOf(actor: number): number {
    return this.#byActor.get(actor) ?? this.#taken.get(actor) ?? Infinity
  }

  earliest(): number {
    return Math.min(Infinity, ...this.#byActor.values())
  }

  dueUntil(limit: number): number[] {
    return this.#actors((deadline) => deadline <= limit && deadline !== Infinity)
  }

  take(instant: number): number[] {
    const due = this.#actors((deadline) => deadline === instant)
    for (const actor of due) {
      this.#byActor.delete(actor)
      this.#taken.set(actor, instant)
    }
    return due
  }

  #actors(isSought: (deadline: number) => boolean): number[] {
    const found = [...this.#byActor].filter(([, deadline]) => isSought(deadline)).map(([actor]) => actor)
    return found.sort((a, b) => a - b)
  }
}

/** From 0 to all of time, every magnitude as likely as every other; often just beside a border of the wheel's slots. */
const span = fc
  .tuple(fc.integer({ min: 0, max: 47 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
  .map(([bits, share, isRound]) => (isRound ? 2 ** bits : Math.floor(2 ** bits * (1 + share))))
const actor = fc.oneof(fc.nat({ max: 8 }), fc.constantFrom(1023, 1024, 5000))

type Step =
  | { readonly kind: 'set'; readonly actor: number; readonly span: number; readonly back: number }
  | { readonly kind: 'clear'; readonly actor: number }
  | { readonly kind: 'advance'; readonly span: number }
  | { readonly kind: 'next' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('set' as const), actor, span, back: fc.constantFrom(0, 0, 1, 2) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), actor }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), span }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('next' as const) }) },
)

/** Few actors, and instants that come up again: on both sides of borders of slots, and many of one slot. */
const ACTORS = 4
/** Moves of one deadline, more than a wheel has void entries for as few actors. */
const MOVES = 2000
const instant = fc.constantFrom(1, 3, 60, 63, 64, 65, 66, 100, 127, 128, 130, 200, 4000, 4095, 4096, 4100, 270_000)

type Move =
  | { readonly kind: 'set' | 'move on and on'; readonly actor: number; readonly instant: number }
  | { readonly kind: 'clear'; readonly actor: number }
  | { readonly kind: 'advance' | 'due until'; readonly instant: number }
  | { readonly kind: 'take' | 'earliest' }

const moved = { actor: fc.nat({ max: ACTORS - 1 }), instant }
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 60, arbitrary: fc.record({ kind: fc.constant('set' as const), ...moved }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move on and on' as const), ...moved }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('clear' as const), actor: moved.actor }) },
  { weight: 40, arbitrary: fc.record({ kind: fc.constantFrom('advance' as const, 'due until' as const), instant }) },
  { weight: 40, arbitrary: fc.record({ kind: fc.constantFrom('take' as const, 'earliest' as const) }) },
)

/** A wheel and its twin, to which the same is done. */
class Pair {
  readonly wheel = new TimingWheel()
  readonly deadlines = new Deadlines()
  #now = 0
  /** The instant that `advance` gave last, if its actors were not taken since; else infinite. */
  #due = Infinity

  make(move: Move): void {
    switch (move.kind) {
      case 'set':
        this.#set(move.actor, this.#later(move.instant))
        break
      case 'move on and on':
        this.#moveOnAndOn(move.actor, this.#later(move.instant))
        break
      case 'clear':
        this.#set(move.actor, Infinity)
        break
      case 'advance':
        this.#advance(move.instant)
        break
      case 'take':
        this.#take()
        break
      case 'due until':
        this.#compareDue(move.instant)
        break
      case 'earliest':
        expect(this.wheel.earliest()).toBe(this.deadlines.earliest())
    }
  }

  compareDeadlines(): void {
    for (let actor = 0; actor < ACTORS; actor++)
      expect(this.wheel.deadlineOf(actor)).toBe(this.deadlines.deadlineOf(actor))
  }

  #later(instant: number): number {
    return Math.max(instant, this.#now + 1)
  }

  #set(actor: number, deadline: number): void {
    this.wheel.set(actor, deadline)
    this.deadlines.set(actor, deadline)
  }

  #moveOnAndOn(actor: number, first: number): void {
    for (let moves = MOVES; moves >= 0; moves--) this.#set(actor, first + moves)
  }

  #advance(limit: number): void {
    const earliest = this.deadlines.earliest()
    this.#due = earliest <= limit ? earliest : Infinity
    expect(this.wheel.advance(limit)).toBe(this.#due)
    this.#now = Math.max(this.#now, Math.min(this.#due, limit))
  }

  #take(): void {
    if (this.#due === Infinity) return
    expect(take(this.wheel, this.#due)).toEqual(this.deadlines.take(this.#due))
    this.#due = Infinity
  }

  #compareDue(limit: number): void {
    expect([...this.wheel.dueUntil(limit)].sort((a, b) => a - b)).toEqual(this.deadlines.dueUntil(limit))
  }
}

/** The actors due at the instant that `advance` gave, ascending. */
function take(wheel: TimingWheel, instant: number): number[] {
  const due: number[] = []
  const count = wheel.take(instant, due)
  return due.slice(0, count).sort((a, b) => a - b)
}

/** Everything due up to a limit, in the order in which it falls due: `[instant, actors]`. */
function takeAll(wheel: TimingWheel, limit: number): [instant: number, actors: number[]][] {
  const taken: [number, number[]][] = []
  for (let due = wheel.advance(limit); due !== Infinity; due = wheel.advance(limit)) taken.push([due, take(wheel, due)])
  return taken
}

function takeAllNaively(deadlines: Deadlines, limit: number): [instant: number, actors: number[]][] {
  const taken: [number, number[]][] = []
  for (let due = deadlines.earliest(); due <= limit && due !== Infinity; due = deadlines.earliest())
    taken.push([due, deadlines.take(due)])
  return taken
}

describe('a timing wheel', () => {
  it('gives what a search through all deadlines gives, in the same order', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(0), span), fc.array(step, { maxLength: 60, size: 'max' }), (start, steps) => {
        let now = start
        const wheel = new TimingWheel(start)
        const deadlines = new Deadlines()
        for (const taken of steps) {
          if (taken.kind === 'set') {
            const deadline = Math.min(Math.max(now + taken.span - taken.back, now + 1), INSTANT_MAX * 2)
            wheel.set(taken.actor, deadline)
            deadlines.set(taken.actor, deadline)
          } else if (taken.kind === 'clear') {
            wheel.set(taken.actor, Infinity)
            deadlines.set(taken.actor, Infinity)
          } else {
            const earliest = deadlines.earliest()
            if (taken.kind === 'next' && earliest === Infinity) continue
            const limit = taken.kind === 'next' ? earliest : Math.min(now + taken.span, INSTANT_MAX)
            expect(takeAll(wheel, limit)).toEqual(takeAllNaively(deadlines, limit))
            now = Math.max(now, limit)
          }
          expect(wheel.earliest()).toBe(deadlines.earliest())
        }
        for (const each of [0, 1, 8, 1023, 1024, 5000]) expect(wheel.deadlineOf(each)).toBe(deadlines.deadlineOf(each))
        expect(takeAll(wheel, INSTANT_MAX * 2)).toEqual(takeAllNaively(deadlines, INSTANT_MAX * 2))
      }),
      propertyRuns(1000),
    )
  })

  it('keeps to deadlines that move earlier and later, are cleared and are set again', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 100, size: 'max' }), (moves) => {
        const pair = new Pair()
        for (const each of moves) {
          pair.make(each)
          pair.compareDeadlines()
        }
        expect(takeAll(pair.wheel, INSTANT_MAX)).toEqual(takeAllNaively(pair.deadlines, INSTANT_MAX))
      }),
      propertyRuns(1000),
    )
  })

  it('takes no more memory for deadlines that move earlier and later again and again', () => {
    const wheel = new TimingWheel()
    const times = 300_000
    const taken: number[] = []
    const before = process.memoryUsage().arrayBuffers
    for (let now = 1; now <= times; now++) {
      // Void each time at another instant, and each time at the same.
      wheel.set(0, 4 * times)
      wheel.set(0, 3 * times - now)
      wheel.set(1, 4 * times)
      wheel.set(1, now)
      if (wheel.advance(now) === now) taken.push(...take(wheel, now))
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000)
    expect(taken).toEqual(new Array(times).fill(1))
    expect(takeAll(wheel, INSTANT_MAX)).toEqual([[2 * times, [0]]])
  })

  it('takes up deadlines that are set while others are taken', () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 30 }), (spans) => {
        const wheel = new TimingWheel()
        const seen: number[] = []
        wheel.set(0, spans[0]!)
        for (let due = wheel.advance(INSTANT_MAX); due !== Infinity; due = wheel.advance(INSTANT_MAX)) {
          expect(take(wheel, due)).toEqual([0])
          seen.push(due)
          const next = spans[seen.length]
          if (next !== undefined && due + next <= INSTANT_MAX) wheel.set(0, due + next)
        }
        const expected = spans.map((_, index) => spans.slice(0, index + 1).reduce((sum, each) => sum + each, 0))
        const reachable = expected.findIndex((instant) => instant > INSTANT_MAX)
        expect(seen).toEqual(expected.slice(0, reachable < 0 ? expected.length : reachable))
      }),
      propertyRuns(300),
    )
  })

  it('has nothing due when it is empty, however far it goes', () => {
    const wheel = new TimingWheel()
    expect([wheel.earliest(), wheel.advance(INSTANT_MAX), wheel.deadlineOf(7)]).toEqual([Infinity, Infinity, Infinity])
  })

  it('holds a deadline at its limit for due, and one a millisecond later not', () => {
    const wheel = new TimingWheel(Date.UTC(2026, 0, 1))
    const due = Date.UTC(2027, 0, 1)
    wheel.set(3, due)
    expect(wheel.advance(due - 1)).toBe(Infinity)
    expect(wheel.advance(due)).toBe(due)
    expect(take(wheel, due)).toEqual([3])
    expect(wheel.advance(due)).toBe(Infinity)
  })

  it('never goes back', () => {
    const wheel = new TimingWheel()
    wheel.set(1, 5000)
    expect(wheel.advance(4000)).toBe(Infinity)
    expect(wheel.advance(10)).toBe(Infinity)
    wheel.set(2, 4001)
    expect(wheel.earliest()).toBe(4001)
  })

  it('keeps the last of the deadlines that an actor was given', () => {
    const wheel = new TimingWheel()
    for (const deadline of [70, 5000, 65, 2 ** 40, 64]) wheel.set(0, deadline)
    expect(takeAll(wheel, INSTANT_MAX)).toEqual([[64, [0]]])
  })

  it('holds many actors that fall due at one instant', () => {
    const wheel = new TimingWheel()
    const actors = Array.from({ length: 5000 }, (_, index) => index)
    for (const each of actors) wheel.set(each, 123_456_789)
    expect(takeAll(wheel, INSTANT_MAX)).toEqual([[123_456_789, actors]])
  })
})
