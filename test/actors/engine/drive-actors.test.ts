/** The engine as a stream: entries in, commits out; and one actor as the observer of its messages. */
import { from, lastValueFrom, map, merge, Subject, tap, toArray } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { Definitions } from '../../../actors/compiler/definitions.ts'
import { type Commit, driveActors } from '../../../actors/engine/drive-actors.ts'
import type { UserMessage } from '../../../actors/actor/message.ts'
import { compilePlans } from '../../../actors/compiler/compile.ts'
import type { ProfileActor } from '../../../actors/actor/profile-actor.ts'
import { ActorStore } from '../../../actors/actor/actor-store.ts'
import type { SpaceActor } from '../../../actors/actor/space-actor.ts'
import { viewOfAccount, viewOfUser } from '../../../actors/actor/views.ts'
import { SMALL_MEMORY } from '../../../actors/memory/actor-memory.ts'
import { DUE_AT } from '../../../actors/rows/row.ts'
import { Settlement } from '../../../actors/settlement/settlement.ts'
import { Shard } from '../../../actors/engine/shard.ts'
import { bytesOf } from '../../support/reopened.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'
import type { Entry } from '../../../src/model/entry.ts'
import type { JsonObject } from '../../../src/model/json.ts'
import { DEFAULT_IDENTITY_RULES } from '../../../src/model/external-id.ts'
import type { Transition } from '../../../src/model/transition.ts'
import { audience, computedTrait, DAY, Space, START } from '../../support/space.ts'

const BUYERS = audience('buyers', "event('Bought').within(1 day).count() >= 1")
const SPENT = computedTrait('spent', "event('Bought').sum(property('price'))")

function bought(userId: string, at: number, price = 5): Entry {
  const body = { type: 'track', event: 'Bought', userId, properties: { price } }
  return { kind: 'calls', receivedAt: START + at, calls: [{ body, sourceId: '' }] }
}

function tick(at: number): Entry {
  return { kind: 'tick', receivedAt: START + at }
}

function lineOf({ at, profile, key, type, value }: Transition): string {
  return `${at - START} ${profile} ${key} ${value === undefined ? type : JSON.stringify(value)}`
}

function linesOf({ transitions }: Commit): string[] {
  return transitions.map(lineOf)
}

function marbles(run: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run)
}

describe('entries in, commits out', () => {
  it('never: nothing comes, nothing goes', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<Entry>('---').pipe(driveActors(new Shard()))).toBe('---')
    })
  })

  it('empty: it ends with its source', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<Entry>('--|').pipe(driveActors(new Shard()))).toBe('--|')
    })
  })

  it('one: a commit with the entry itself, its transitions and outcomes', () => {
    const entry = bought('u1', 0)
    const transition = { at: START, key: 'buyers', profile: 'user_id:u1', type: 'entered', sequence: 1 }
    marbles(({ cold, expectObservable }) => {
      const commits$ = cold<Entry>('-a|', { a: entry }).pipe(
        driveActors(new Shard({ definitions: [BUYERS] })),
        tap((commit) => expect(commit.entry).toBe(entry)),
      )
      expectObservable(commits$).toBe('-a|', {
        a: { entry, transitions: [transition], outcomes: [{ kind: 'applied' }], faults: [] },
      })
    })
  })

  it('many: one commit for each entry, at once and in order, time in between included', () => {
    const entries = { a: bought('u1', 0), b: bought('u2', 1000), c: tick(2 * DAY), d: bought('u1', 2 * DAY) }
    marbles(({ cold, expectObservable }) => {
      const commits$ = cold<Entry>('(ab)-c--d|', entries).pipe(
        driveActors(new Shard({ definitions: [BUYERS, SPENT] })),
        map(linesOf),
      )
      expectObservable(commits$).toBe('(ab)-c--d|', {
        a: ['0 user_id:u1 buyers entered', '0 user_id:u1 spent 5'],
        b: ['1000 user_id:u2 buyers entered', '1000 user_id:u2 spent 5'],
        c: [`${DAY} user_id:u1 buyers exited`, `${DAY + 1000} user_id:u2 buyers exited`],
        d: [`${2 * DAY} user_id:u1 buyers entered`, `${2 * DAY} user_id:u1 spent 10`],
      })
    })
  })

  it('a call that is refused is an outcome, and the stream goes on', () => {
    const refused: Entry = { kind: 'calls', receivedAt: START, calls: [{ body: { type: 'track' }, sourceId: '' }] }
    marbles(({ cold, expectObservable }) => {
      const kinds$ = cold<Entry>('a-b|', { a: refused, b: bought('u1', 0) }).pipe(
        driveActors(new Shard()),
        map(({ outcomes }) => outcomes.map(({ kind }) => kind)),
      )
      expectObservable(kinds$).toBe('a-b|', { a: ['refused'], b: ['applied'] })
    })
  })

  it('error of the source: what came before stands, the error goes on', () => {
    const shard = new Shard({ definitions: [BUYERS] })
    marbles(({ cold, expectObservable }) => {
      const commits$ = cold<Entry>('a-#', { a: bought('u1', 0) }, 'lost').pipe(driveActors(shard), map(linesOf))
      expectObservable(commits$).toBe('a-#', { a: ['0 user_id:u1 buyers entered'] }, 'lost')
    })
    expect(shard.profileCount).toBe(1)
  })

  it('a command that breaks a rule ends the stream with its refusal, and the state is as it was', () => {
    const shard = new Shard({ definitions: [BUYERS] })
    const command: Entry = {
      kind: 'command',
      receivedAt: START + DAY * 9,
      command: { kind: 'remove', key: 'nobody', type: 'USERS' },
    }
    const refusals: unknown[] = []
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot<Entry>('a-b-c|', { a: bought('u1', 0), b: command, c: bought('u2', 0) })
      const commits$ = source.pipe(driveActors(shard), tap({ error: (cause) => refusals.push(cause) }), map(linesOf))
      commits$.subscribe({ error: () => undefined })
      expectObservable(source).toBe('a-b-c|', { a: bought('u1', 0), b: command, c: bought('u2', 0) })
      expectSubscriptions(source.subscriptions).toBe(['^-!', '^----!'])
    })
    expect(refusals).toMatchObject([{ code: 'not_found' }])
    expect([shard.profileCount, shard.clock]).toEqual([1, START])
  })

  it('unsubscribed early: the source is let go, and later entries are not applied', () => {
    const shard = new Shard({ definitions: [BUYERS] })
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<Entry>('a---b|', { a: bought('u1', 0), b: bought('u2', 0) })
      expectObservable(source.pipe(driveActors(shard), map(linesOf)), '--!').toBe('a--', {
        a: ['0 user_id:u1 buyers entered'],
      })
      expectSubscriptions(source.subscriptions).toBe('^-!')
    })
    expect(shard.profileCount).toBe(1)
  })
})

describe('an actor of a shard', () => {
  it('gives its own transitions only, from when it is watched, also those that time makes', () => {
    const shard = new Shard({ definitions: [BUYERS] })
    shard.apply(bought('u1', 0))
    const lines: string[] = []
    shard
      .profile('user_id', 'u1')!
      .changes$.pipe(map(lineOf))
      .subscribe((line) => lines.push(line))
    for (const entry of [bought('u2', 5), tick(3 * DAY), bought('u1', 3 * DAY)]) shard.apply(entry)
    expect(lines).toEqual([`${DAY} user_id:u1 buyers exited`, `${3 * DAY} user_id:u1 buyers entered`])
  })

  it('merges with the others into one stream, in the order of the commits', async () => {
    const shard = new Shard({ definitions: [SPENT] })
    for (const user of ['u1', 'u2']) shard.apply(bought(user, 0))
    const actors = shard.actors()
    const lines = lastValueFrom(merge(...actors.map((actor) => actor.changes$)).pipe(map(lineOf), toArray()))
    for (const [user, at] of [
      ['u2', 1],
      ['u1', 2],
      ['u2', 3],
    ] as const)
      shard.apply(bought(user, at))
    for (const actor of actors) actor.complete()
    expect(await lines).toEqual(['1 user_id:u2 spent 10', '2 user_id:u1 spent 10', '3 user_id:u2 spent 15'])
  })
})

/** A profile by itself: no shard, no identity, no clock. */
function standalone(...sources: DefinitionSource[]): ProfileActor {
  const plans = compilePlans(Definitions.of(sources).inputs())
  const settlement = new Settlement({
    isAccount: () => false,
    onJoin: () => undefined,
    onBehind: () => undefined,
    onSettled: (actor) => setDeadline(actor, actor.schedule()),
    onRestored: () => undefined,
  })
  const store: ActorStore = new ActorStore({
    memory: SMALL_MEMORY,
    rules: DEFAULT_IDENTITY_RULES,
    sink: settlement,
    plans,
    userAt: (ordinal) => viewOfUser(store, ordinal),
    accountAt: (ordinal) => viewOfAccount(store, ordinal),
  })
  settlement.attach(store)
  store.memory.barrier.begin()
  store.rows.create(0, 0)
  const actor = viewOfUser(store, 0)
  actor.nameBy([{ type: 'user_id', value: 'u1' }])
  store.memory.barrier.commit()
  store.rows.commit()
  return actor
}

function setDeadline({ store, row }: SpaceActor, due: number): void {
  store.memory.state.doubles[row + DUE_AT] = due
}

let arrivals = 0

function eventMessage(at: number, properties: JsonObject = {}): UserMessage {
  const [ts, arrival] = [START + at, ++arrivals]
  const event = { name: 'Bought', ts, arrival, receivedAt: ts, sourceId: '', messageId: '', properties, context: {} }
  return { kind: 'event', at: ts, event }
}

function deadlineMessage(at: number): UserMessage {
  return { kind: 'deadline', at: START + at }
}

function traitsMessage(at: number, traits: JsonObject): UserMessage {
  return { kind: 'traits', at: START + at, traits, ts: START + at, arrival: ++arrivals, sourceId: '' }
}

describe('an actor by itself', () => {
  const PRO = audience('pro', "trait('plan') = 'pro'")

  it('is driven by any stream of messages, and gives its transitions', () => {
    const actor = standalone(BUYERS, SPENT, PRO)
    const lines: string[] = []
    actor.changes$.pipe(map(lineOf)).subscribe((line) => lines.push(line))
    from([
      eventMessage(0, { price: 5 }),
      traitsMessage(10, { plan: 'pro' }),
      eventMessage(20, { price: 7 }),
      deadlineMessage(DAY + 20),
    ]).subscribe(actor)
    expect(lines).toEqual([
      '0 user_id:u1 buyers entered',
      '0 user_id:u1 spent 5',
      '10 user_id:u1 pro entered',
      '20 user_id:u1 spent 12',
      `${DAY + 20} user_id:u1 buyers exited`,
    ])
  })

  it('is driven by marbles: it answers each message at once, and ends with them', () => {
    marbles(({ hot, expectObservable }) => {
      const actor = standalone(BUYERS)
      const messages = { a: eventMessage(0), b: eventMessage(5), c: deadlineMessage(DAY), d: deadlineMessage(DAY + 5) }
      hot<UserMessage>('--a-b-c-d-|', messages).subscribe(actor)
      expectObservable(actor.changes$.pipe(map(lineOf))).toBe('--a-----d-|', {
        a: '0 user_id:u1 buyers entered',
        d: `${DAY + 5} user_id:u1 buyers exited`,
      })
    })
  })

  it('says when it is due next', () => {
    const actor = standalone(BUYERS)
    expect(actor.dueAt).toBe(Infinity)
    actor.next(eventMessage(0))
    expect(actor.dueAt).toBe(START + DAY)
    actor.next(deadlineMessage(DAY))
    expect(actor.dueAt).toBe(Infinity)
  })

  it('gives every subscriber the same', () => {
    const actor = standalone(SPENT)
    const seen: string[][] = [[], []]
    for (const lines of seen) actor.changes$.pipe(map(lineOf)).subscribe((line) => lines.push(line))
    from([eventMessage(0, { price: 1 }), eventMessage(1, { price: 2 })]).subscribe(actor)
    expect(seen[0]).toEqual(['0 user_id:u1 spent 1', '1 user_id:u1 spent 3'])
    expect(seen[1]).toEqual(seen[0])
  })

  it('goes on for others when a subscriber leaves, and works unwatched', () => {
    const actor = standalone(SPENT)
    actor.next(eventMessage(0, { price: 1 }))
    const lines: string[] = []
    const leaving = actor.changes$.subscribe()
    actor.changes$.pipe(map(lineOf)).subscribe((line) => lines.push(line))
    actor.next(eventMessage(1, { price: 1 }))
    leaving.unsubscribe()
    actor.next(eventMessage(2, { price: 1 }))
    expect(lines).toEqual(['1 user_id:u1 spent 2', '2 user_id:u1 spent 3'])
  })

  it('may be told something by who hears of its change', () => {
    const actor = standalone(SPENT)
    const lines: string[] = []
    actor.changes$.pipe(map(lineOf)).subscribe((line) => {
      lines.push(line)
      if (lines.length === 1) actor.next(eventMessage(1, { price: 10 }))
    })
    actor.next(eventMessage(0, { price: 1 }))
    expect(lines).toEqual(['0 user_id:u1 spent 1', '1 user_id:u1 spent 11'])
  })

  it('ends with its messages, or with their error', () => {
    const ends: string[] = []
    const observer = {
      complete: () => ends.push('complete'),
      error: (cause: unknown) => ends.push(`error: ${String(cause)}`),
    }
    const completed = standalone()
    completed.changes$.subscribe(observer)
    from([]).subscribe(completed)
    const failed = standalone()
    failed.changes$.subscribe(observer)
    const messages = new Subject<UserMessage>()
    messages.subscribe(failed)
    messages.error('lost')
    expect(ends).toEqual(['complete', 'error: lost'])
  })

  it('ends at once for who watches it only when it has ended', () => {
    const actor = standalone()
    actor.complete()
    let isComplete = false
    actor.changes$.subscribe({ complete: () => (isComplete = true) })
    expect(isComplete).toBe(true)
  })

  it('throws for a message that fails, is as it was before it, and takes the next', () => {
    const actor = standalone(BUYERS, SPENT)
    const lines: string[] = []
    actor.changes$.pipe(map(lineOf)).subscribe((line) => lines.push(line))
    actor.next(eventMessage(0, { price: 1 }))
    const before = [actor.dueAt, actor.keptEvents(), actor.defined.ids().map((id) => actor.definedValue(id))]
    const poison = {
      get price(): number {
        throw new Error('poison')
      },
    }
    expect(() => actor.next(eventMessage(1, poison))).toThrow('poison')
    expect([actor.dueAt, actor.keptEvents(), actor.defined.ids().map((id) => actor.definedValue(id))]).toEqual(before)
    actor.next(eventMessage(3, { price: 1 }))
    expect(lines).toEqual(['0 user_id:u1 buyers entered', '0 user_id:u1 spent 1', '3 user_id:u1 spent 2'])
  })
})

describe('an actor that is no more', () => {
  it('takes no message, and tells who watched it that it has ended', () => {
    const space = new Space(BUYERS)
    space.track('u1', 'Bought')
    space.call({ type: 'track', anonymousId: 'a1', event: 'Seen' })
    const gone = space.shard.profile('anonymous_id', 'a1')!
    let isComplete = false
    gone.changes$.subscribe({ complete: () => (isComplete = true) })
    space.call({ type: 'track', userId: 'u1', anonymousId: 'a1', event: 'Seen' })
    expect(isComplete).toBe(true)
    expect(() => gone.next(eventMessage(0))).toThrow('there is no actor 1 in memory')
    expect([gone.label, gone.ids, gone.defined.ids(), gone.keptEvents()]).toEqual(['', [], [], []])
    expect(space.shard.profile('user_id', 'u1')!.keptEvents()).toHaveLength(3)
  })
})

describe('a call that fails in a shard', () => {
  it('is an outcome with its cause; the state is the same to the byte, and nobody hears of it', () => {
    const shard = new Shard({ definitions: [BUYERS, SPENT] })
    shard.apply(bought('u1', 0))
    const before = bytesOf(shard)
    const heard: Transition[] = []
    shard.profile('user_id', 'u1')!.changes$.subscribe((transition) => heard.push(transition))
    const body = { type: 'track', event: 'Bought', userId: 'u1', properties: { price: () => 5 } }
    const { outcomes, transitions } = shard.apply({ kind: 'calls', receivedAt: START, calls: [{ body, sourceId: '' }] })
    expect(outcomes).toMatchObject([{ kind: 'failed', cause: { name: 'TypeError' } }])
    expect([transitions, heard]).toEqual([[], []])
    expect(bytesOf(shard)).toEqual(before)
  })
})
