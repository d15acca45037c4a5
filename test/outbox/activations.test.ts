/** Activations: which of them is told of what, by which calls, and what becomes of what is on its way. */
import { describe, expect, it } from 'vitest'
import { callsOf } from '../../src/calls/calls.ts'
import { ACTIVATIONS_MAX, type ActivationRecord } from '../../src/model/activation.ts'
import type { EngineError } from '../../src/model/errors.ts'
import { accountAudience, audience } from '../support/space.ts'
import { destination } from './given.ts'
import { ToldSpace } from './told-space.ts'

const GOLD = audience('gold', "trait('plan') = 'gold'")
const ACTIVE = accountAudience('active', "event('Bought').count() >= 1")
const ENTRIES = { id: 'act_entries', type: 'Audience Entered' } as const
const EXITS = { id: 'act_exits', type: 'Audience Exited' } as const
const BOTH = { id: 'act_both', type: 'Audience Membership Changed' } as const

/** A connected audience with these activations. */
function given(activations: readonly Partial<ActivationRecord>[], source = GOLD, changes = {}): ToldSpace {
  const space = ToldSpace.of([source], changes)
  for (const one of activations) space.activate(source, one)
  return space
}

function enter(space: ToldSpace, user = 'u1'): string[] {
  return space.identify(user, { plan: 'gold' })
}

function leave(space: ToldSpace, user = 'u1'): string[] {
  return space.identify(user, { plan: 'free' })
}

/** The calls of all that waits. */
function calls(space: ToldSpace) {
  return space.waiting().flatMap((one) => {
    const { record } = space.outbox.connection(one.connectionId)!
    return callsOf(one, { connection: record, destinationName: 'Webhook', spaceId: 'spa_1' })
  })
}

describe('an activation', () => {
  it.each([
    [ENTRIES, ['gold/entries true user_id:u1 #1'], []],
    [EXITS, [], ['gold/exits false user_id:u1 #2']],
    [BOTH, ['gold/both true user_id:u1 #1'], ['gold/both false user_id:u1 #2']],
  ])('of type $type is told of that alone', (of, entered, exited) => {
    const space = given([of])
    expect(enter(space)).toEqual(entered)
    expect(leave(space)).toEqual(exited)
  })

  it('is told of each transition once, in the order in which activations were made, under ids of its own', () => {
    const space = given([ENTRIES, BOTH, EXITS])
    expect(enter(space)).toEqual(['gold/entries true user_id:u1 #1', 'gold/both true user_id:u1 #1'])
    expect(space.identify('u1', { plan: 'gold', age: 3 })).toEqual([])
    expect(leave(space)).toEqual(['gold/both false user_id:u1 #2', 'gold/exits false user_id:u1 #2'])
    const ids = space.messageIds().map((line) => line.split(' ')[1])
    expect(ids).toHaveLength(4)
    expect(new Set(ids).size).toBe(4)
  })

  it('that is disabled is told nothing, and others are', () => {
    const space = given([ENTRIES, { ...BOTH, enabled: false }])
    expect(enter(space)).toEqual(['gold/entries true user_id:u1 #1'])
    space.activate(GOLD, { ...ENTRIES, enabled: false })
    expect(leave(space)).toEqual([])
    expect(enter(space)).toEqual([])
  })

  it('sends nothing while its connection is off', () => {
    const space = given([BOTH], GOLD, { enabled: false })
    expect(enter(space)).toEqual([])
  })

  it('tells a new id of what is so, if it tells of entries', () => {
    const space = given([ENTRIES, EXITS])
    enter(space)
    expect(space.identify('u1', { email: 'a@x' })).toEqual(['gold/entries true user_id:u1 email:a@x only email:a@x #1'])
  })

  it('tells of a withdrawn consent as of an exit', () => {
    const space = given([ENTRIES, EXITS])
    const consent = { categories: ['Advertising'], unknown: 'allowed' } as const
    space.command({ kind: 'put destination', destination: destination({ consent }) })
    enter(space)
    const context = { consent: { categoryPreferences: { Advertising: false } } }
    expect(space.call('identify', { userId: 'u1', context })).toEqual(['gold/exits false user_id:u1 #1'])
  })

  it('adds its traits to those of its connection, as they are then', () => {
    const space = given([ENTRIES, { ...BOTH, traits: { age: 'years', city: 'town' } }], GOLD, {
      traits: { plan: 'Plan', city: 'city' },
    })
    space.identify('u1', { age: 30, city: 'Ulm' })
    enter(space)
    space.identify('u1', { age: 31 })
    expect(space.waiting().map(({ traits }) => traits)).toEqual([
      { Plan: 'gold', city: 'Ulm' },
      { Plan: 'gold', years: 30, town: 'Ulm' },
    ])
  })

  it('makes the calls that it is mapped to, or else those of its connection', () => {
    const space = given([
      ENTRIES,
      { ...BOTH, mapping: { action: 'track', events: { entered: 'Joined' } } },
      { ...EXITS, mapping: { action: 'identify', events: {} } },
    ])
    enter(space)
    leave(space)
    expect(calls(space).map((call) => (call.type === 'track' ? call.event : call.type))).toEqual([
      'identify',
      'Joined',
      'Audience Exited',
      'identify',
    ])
  })

  it('of an account tells it, or its users, as it is mapped', () => {
    const all = { sends: { identify: true, track: false, group: true } }
    const space = given(
      [
        { ...ENTRIES, mapping: { action: 'group', events: {} } },
        { ...BOTH, mapping: { action: 'track', events: {} } },
      ],
      ACTIVE,
      all,
    )
    space.group('u1', 'acme')
    expect(space.track('u1', 'Bought')).toEqual([
      'active/entries true → acme #1',
      'active/both true user_id:u1 of acme #1',
    ])
    expect(space.group('u2', 'acme')).toEqual(['active/both true user_id:u2 of acme #1'])
  })
})

describe('what is on its way', () => {
  it('when the first activation comes is still sent by the connection', () => {
    const space = ToldSpace.of([GOLD])
    enter(space)
    space.activate(GOLD, EXITS)
    leave(space)
    expect(calls(space).map((call) => call.type)).toEqual(['identify', 'identify'])
    expect(space.deliverAll()).toBe(2)
  })

  it.each([
    ['disabled', (space: ToldSpace) => space.activate(GOLD, { ...ENTRIES, enabled: false })],
    [
      'removed',
      (space: ToldSpace) => space.command({ kind: 'remove activation', connectionId: 'con_gold', id: 'act_entries' }),
    ],
  ])('by an activation that is %s is dropped, and nothing else is', (_, end) => {
    const space = given([ENTRIES, BOTH])
    enter(space)
    end(space)
    expect(space.waiting().map(({ activationId }) => activationId)).toEqual(['act_both'])
  })

  it('collapses for each activation by itself', () => {
    const space = given([ENTRIES, EXITS, BOTH])
    space.outbox.destination('dst_1')!.isStuck = true
    for (let round = 0; round < 3; round++) {
      enter(space)
      leave(space)
    }
    expect(space.waiting().map(({ activationId, sequence }) => `${activationId} ${sequence}`)).toEqual([
      'act_entries 5',
      'act_exits 6',
      'act_both 6',
    ])
  })

  it('goes one after the other for each profile', () => {
    const space = given([ENTRIES, BOTH])
    enter(space)
    enter(space, 'u2')
    const { outbox } = space.outbox.destination('dst_1')!
    const begun = [0, 1, 2, 3].flatMap((lane) => outbox.begin(lane, () => false, 0))
    expect(begun.map(({ activationId, profile }) => `${activationId} ${profile}`).sort()).toEqual([
      'act_entries user_id:u1',
      'act_entries user_id:u2',
    ])
  })

  it('of a profile that is deleted says that it has left, or nothing', () => {
    const space = given([ENTRIES, BOTH])
    enter(space)
    const profile = { type: 'user_id', value: 'u1' }
    space.command({ kind: 'delete', profile, suppress: false })
    expect(space.waiting().map(({ activationId, value }) => `${activationId} ${JSON.stringify(value)}`)).toEqual([
      'act_both false',
    ])
  })

  it('at the instant of a deletion is not tried again if it tells of an entry', () => {
    const space = given([ENTRIES])
    enter(space)
    const { outbox } = space.outbox.destination('dst_1')!
    const [begun] = [0, 1, 2, 3].flatMap((lane) => outbox.begin(lane, () => false, 0))
    space.command({ kind: 'delete', profile: { type: 'user_id', value: 'u1' }, suppress: false })
    expect(space.waiting()).toHaveLength(1)
    outbox.retry(begun!.number, 1)
    expect([space.waiting(), outbox.state()]).toEqual([[], []])
  })

  it('and has failed is not sent again once the activation is disabled', () => {
    const space = given([ENTRIES])
    const fail = () => {
      const state = space.outbox.destination('dst_1')!
      const [one] = space.waiting()
      space.outbox.results.failed(state, one!, { reason: 'status_400', message: '', now: 0 })
      return one!.number
    }
    enter(space)
    const resend = (number: number) => space.command({ kind: 'resend', destinationId: 'dst_1', numbers: [number] })
    resend(fail())
    expect(space.waiting()).toHaveLength(1)
    const failed = fail()
    space.activate(GOLD, { ...ENTRIES, enabled: false })
    resend(failed)
    expect(space.waiting()).toEqual([])
  })
})

describe('a sync', () => {
  const members = (space: ToldSpace) => ['u1', 'u2'].forEach((user) => enter(space, user))

  it('of a new activation sends the members, by it alone', () => {
    const space = given([BOTH])
    members(space)
    leave(space, 'u2')
    space.activate(GOLD, ENTRIES, 'present')
    expect(space.sync()).toEqual(['gold/entries true user_id:u1 #1 resync 1'])
  })

  it('is not made unasked', () => {
    const space = ToldSpace.of([GOLD])
    members(space)
    space.activate(GOLD, ENTRIES)
    expect(space.sync()).toEqual([])
  })

  it('of a new activation of exits tells nobody; sent anew, it tells of who has left', () => {
    const space = ToldSpace.of([GOLD])
    members(space)
    leave(space, 'u2')
    space.activate(GOLD, EXITS, 'present')
    expect(space.sync()).toEqual([])
    space.activate(GOLD, EXITS, 'known')
    expect(space.sync()).toEqual(['gold/exits false user_id:u2 #2 resync 2'])
  })

  it('that is the first sends what changes while it counts, once; others are told meanwhile', () => {
    const space = given([BOTH])
    enter(space)
    space.activate(GOLD, ENTRIES, 'present')
    expect(enter(space, 'u2')).toEqual(['gold/both true user_id:u2 #1'])
    expect(space.sync()).toEqual([
      'gold/entries true user_id:u1 #1 resync 1',
      'gold/entries true user_id:u2 #1 resync 1',
    ])
    expect(enter(space, 'u3')).toEqual([
      'gold/both true user_id:u3 #1 resync 1',
      'gold/entries true user_id:u3 #1 resync 1',
    ])
  })

  it('waits for the one under way, and is not made by that', () => {
    const space = ToldSpace.of([GOLD])
    enter(space)
    space.activate(GOLD, ENTRIES, 'present')
    space.activate(GOLD, BOTH, 'present')
    expect(enter(space, 'u2')).toEqual([])
    space.reopen()
    expect(space.sync()).toEqual([
      'gold/entries true user_id:u1 #1 resync 1',
      'gold/entries true user_id:u2 #1 resync 1',
      'gold/both true user_id:u1 #1 resync 2',
      'gold/both true user_id:u2 #1 resync 2',
    ])
  })

  it('of the connection tells all activations, instead of those that waited', () => {
    const space = ToldSpace.of([GOLD])
    enter(space)
    space.activate(GOLD, ENTRIES, 'present')
    space.activate(GOLD, BOTH, 'present')
    space.command({ kind: 'sync', connectionId: 'con_gold', scope: 'known' })
    expect(space.sync()).toEqual(['gold/entries true user_id:u1 #1 resync 1', 'gold/both true user_id:u1 #1 resync 1'])
  })

  it('ends with its activation, and the next begins', () => {
    const space = ToldSpace.of([GOLD])
    enter(space)
    space.activate(GOLD, ENTRIES, 'present')
    space.activate(GOLD, BOTH, 'present')
    space.activate(GOLD, { ...ENTRIES, enabled: false })
    expect(space.sync()).toEqual(['gold/both true user_id:u1 #1 resync 1'])
  })

  it('waits for approval where it concerns too many, each member counted once', () => {
    const space = given([BOTH], GOLD, { approval: { members: 1, share: 1 } })
    members(space)
    space.deliverAll()
    space.activate(GOLD, ENTRIES, 'present')
    expect(space.sync()).toEqual([])
    const connection = space.outbox.connection('con_gold')!
    expect([connection.status, connection.sync?.members]).toEqual(['waiting for approval', 2])
    space.command({ kind: 'approve', connectionId: 'con_gold' })
    expect(space.sync()).toHaveLength(2)
  })
})

describe('an edit that concerns too many', () => {
  const more = { ...GOLD, query: "trait('plan') != 'none'" }

  /** A member that an edit adds two to, and a connection that lets so many go unasked. */
  function edited(members: number): ToldSpace {
    const space = given([ENTRIES, BOTH], GOLD, { approval: { members, share: 1 } })
    for (const user of ['u2', 'u3']) leave(space, user)
    space.define(more)
    return space
  }

  it('counts each member once, by however many activations it is told of', () => {
    const [asked, unasked] = [edited(1), edited(2)]
    expect(asked.outbox.connection('con_gold')!.heldMemberCount).toBe(2)
    expect(asked.waiting()).toEqual([])
    expect(unasked.waiting()).toHaveLength(4)
  })

  it('is approved without what an activation has kept back that is disabled since', () => {
    const space = edited(1)
    space.activate(GOLD, { ...ENTRIES, enabled: false })
    space.command({ kind: 'approve', connectionId: 'con_gold' })
    expect(space.waiting().map(({ activationId }) => activationId)).toEqual(['act_both', 'act_both'])
  })

  it('waits no more once all that was kept back is gone', () => {
    const space = edited(1)
    space.activate(GOLD, { ...ENTRIES, enabled: false })
    space.activate(GOLD, { ...BOTH, enabled: false })
    expect(space.outbox.connection('con_gold')!.status).toBe('connected')
  })
})

describe('a connection', () => {
  it('keeps its activations when its settings change, or it is off', () => {
    const space = given([ENTRIES])
    space.connect(GOLD, { enabled: false })
    space.connect(GOLD, { traits: { plan: 'plan' } })
    expect(enter(space)).toEqual(['gold/entries true user_id:u1 #1'])
  })

  it('sends by itself again once it has no activation', () => {
    const space = given([EXITS])
    space.command({ kind: 'remove activation', connectionId: 'con_gold', id: 'act_exits' })
    expect(enter(space)).toEqual(['gold true user_id:u1 #1'])
  })

  it('cannot be removed while it has activations, and has a bounded number of them', () => {
    const space = given([ENTRIES])
    const refused = (act: () => void): string | undefined => {
      try {
        act()
        return undefined
      } catch (error) {
        return (error as EngineError).code
      }
    }
    expect(refused(() => space.command({ kind: 'disconnect', id: 'con_gold' }))).toBe('in_use')
    const remove = (id: string) => space.command({ kind: 'remove activation', connectionId: 'con_gold', id })
    expect(refused(() => remove('act_none'))).toBe('not_found')
    for (let count = 1; count < ACTIVATIONS_MAX; count++) space.activate(GOLD, { id: `act_${count}` })
    expect(refused(() => space.activate(GOLD, { id: 'act_more' }))).toBe('validation_error')
    expect(refused(() => space.activate(GOLD, { id: 'act_1', name: 'Another' }))).toBeUndefined()
    for (let count = 1; count < ACTIVATIONS_MAX; count++) remove(`act_${count}`)
    remove('act_entries')
    expect(refused(() => space.command({ kind: 'disconnect', id: 'con_gold' }))).toBeUndefined()
  })

  it('goes with its audience, whatever activations it has', () => {
    const space = given([ENTRIES])
    space.command({ kind: 'remove', id: 'aud_gold' })
    expect([...space.outbox.connections()]).toEqual([])
  })
})

describe('a restart', () => {
  const story: readonly ((space: ToldSpace) => void)[] = [
    (space) => void enter(space),
    (space) => void space.activate(GOLD, ENTRIES, 'present'),
    (space) => void space.activate(GOLD, { ...BOTH, traits: { plan: 'plan' } }, 'present'),
    (space) => void enter(space, 'u2'),
    (space) => void space.sync(),
    (space) => void leave(space),
    (space) => void space.activate(GOLD, { ...ENTRIES, enabled: false }),
    (space) => void enter(space),
    (space) => void space.command({ kind: 'remove activation', connectionId: 'con_gold', id: 'act_entries' }),
    (space) => void leave(space, 'u2'),
  ]

  function run(reopensAfter: number): ToldSpace {
    const space = ToldSpace.of([GOLD])
    for (const [place, step] of story.entries()) {
      step(space)
      if (place === reopensAfter) space.reopen()
    }
    return space
  }

  it('loses nothing and tells nothing twice, wherever it comes', () => {
    const whole = run(-1)
    for (const place of story.keys()) {
      const reopened = run(place)
      expect(reopened.waiting(), `after step ${place}`).toEqual(whole.waiting())
      expect(reopened.messageIds(), `after step ${place}`).toEqual(whole.messageIds())
      expect(reopened.outbox.state(), `after step ${place}`).toEqual(whole.outbox.state())
    }
    const replayed = new ToldSpace()
    for (const entry of whole.journal.slice(1)) replayed.apply(entry)
    expect(replayed.waiting()).toEqual(whole.waiting())
  })
})
