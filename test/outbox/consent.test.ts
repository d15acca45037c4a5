/** Destinations that ask for consent are told of those alone who have given it. */
import { describe, expect, it } from 'vitest'
import type { RequiredConsent } from '../../src/model/consent.ts'
import { accountAudience, audience, computedTrait } from '../support/space.ts'
import { reopened } from '../support/reopened.ts'
import { destination } from './given.ts'
import { ToldSpace } from './told-space.ts'

const BUYERS = audience('buyers', "event('Bought').count() >= 1")
const SPENT = computedTrait('spent', "event('Bought').sum(property('price'))")
const ACTIVE = accountAudience('active', "event('Bought').count() >= 1")

function asking(unknown: RequiredConsent['unknown'] = 'allowed', ...categories: string[]): RequiredConsent {
  return { categories: categories.length > 0 ? categories : ['Advertising'], unknown }
}

function given(consent: RequiredConsent | undefined, ...definitions: Parameters<typeof ToldSpace.of>[0]): ToldSpace {
  const space = ToldSpace.of(definitions)
  space.command({ kind: 'put destination', destination: destination({ consent }) })
  return space
}

function preferring(preferences: object): object {
  return { context: { consent: { categoryPreferences: preferences } } }
}

describe('a destination that asks for consent', () => {
  it('is told of whom nothing is known, unless it says otherwise', () => {
    const [allowing, refusing] = [given(asking('allowed'), BUYERS), given(asking('refused'), BUYERS)]
    expect(allowing.track('u1', 'Bought')).toEqual(['buyers true user_id:u1 #1'])
    expect(refusing.track('u1', 'Bought')).toEqual([])
  })

  it('is told that whoever withdraws it has left, and entered when it is given again', () => {
    const space = given(asking(), BUYERS, SPENT)
    space.track('u1', 'Bought', { price: 5 })
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: false }) })).toEqual([
      'buyers false user_id:u1 #1',
      'spent null user_id:u1 #1',
    ])
    expect(space.track('u1', 'Bought', { price: 2 })).toEqual([])
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: true }) })).toEqual([
      'buyers true user_id:u1 #1',
      'spent 7 user_id:u1 #2',
    ])
    space.call('identify', { userId: 'u1', ...preferring({ Advertising: false }) })
    const ids = space.messageIds().map((line) => line.split(' ')[1])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is told what was allowed, whomever else it was allowed', () => {
    const space = ToldSpace.of([BUYERS])
    space.command({ kind: 'put destination', destination: destination({ consent: asking() }) })
    const other = destination({ id: 'dst_2', type: 'console', consent: asking() })
    space.command({ kind: 'put destination', destination: other })
    space.connect(BUYERS, { id: 'con_others', destinationId: 'dst_2' })
    space.call('track', { userId: 'u1', event: 'Bought', ...preferring({ Advertising: false }) })
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: true }) })).toEqual([
      'buyers true user_id:u1 #1',
      'others true user_id:u1 #1',
    ])
  })

  it('leaves those that ask for none to hear of a new id', () => {
    const space = ToldSpace.of([BUYERS])
    space.command({
      kind: 'put destination',
      destination: destination({ id: 'dst_2', type: 'console', consent: asking() }),
    })
    space.connect(BUYERS, { id: 'con_others', destinationId: 'dst_2' })
    space.call('track', { userId: 'u1', event: 'Bought', ...preferring({ Advertising: false }) })
    const consent = { categoryPreferences: { Advertising: true } }
    expect(space.call('identify', { userId: 'u1', traits: { email: 'a@x' }, context: { consent } })).toEqual([
      'others true user_id:u1 email:a@x #1',
      'buyers true user_id:u1 email:a@x only email:a@x #1',
    ])
  })

  it('is told as before by the rules of before', () => {
    const space = new ToldSpace({ shard: { rules: 6 } })
    space.define(BUYERS)
    space.command({ kind: 'put destination', destination: destination({ consent: asking() }) })
    const other = destination({ id: 'dst_2', type: 'console', consent: asking() })
    space.command({ kind: 'put destination', destination: other })
    space.connect(BUYERS)
    space.connect(BUYERS, { id: 'con_others', destinationId: 'dst_2' })
    space.call('track', { userId: 'u1', event: 'Bought', ...preferring({ Advertising: false }) })
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: true }) })).toEqual([
      'buyers true user_id:u1 #1',
    ])
  })

  it('needs all categories, and no others', () => {
    const space = given(asking('refused', 'Advertising', 'Analytics'), BUYERS)
    space.track('u1', 'Bought')
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: true, Sport: false }) })).toEqual([])
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: true, Analytics: true }) })).toEqual([
      'buyers true user_id:u1 #1',
    ])
    // What is said last holds, and says nothing of the others.
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: true }) })).toEqual([
      'buyers false user_id:u1 #1',
    ])
  })

  it('goes by the latest, whenever it comes', () => {
    const space = given(asking(), BUYERS)
    space.track('u1', 'Bought')
    const late = { timestamp: '2025-01-01T00:00:00Z', ...preferring({ Advertising: false }) }
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: true }) })).toEqual([])
    expect(space.call('identify', { userId: 'u1', ...late })).toEqual([])
  })

  it('is told once of what changes with it', () => {
    const space = given(asking('refused'), BUYERS)
    const call = { userId: 'u1', event: 'Bought' }
    expect(space.call('track', { ...call, ...preferring({ Advertising: true }) })).toEqual([
      'buyers true user_id:u1 #1',
    ])
    const gone = given(asking(), audience('idle', "NOT event('Bought').count() >= 1"))
    gone.track('u1', 'Viewed')
    expect(gone.call('track', { ...call, ...preferring({ Advertising: false }) })).toEqual(['idle false user_id:u1 #2'])
    const never = given(asking(), BUYERS)
    expect(never.call('track', { ...call, ...preferring({ Advertising: false }) })).toEqual([])
  })

  it('is told of the values of accounts likewise', () => {
    const space = given(asking(), ACTIVE)
    space.group('u1', 'acme')
    expect(space.track('u1', 'Bought')).toEqual(['active true user_id:u1 of acme #1'])
    expect(space.call('identify', { userId: 'u1', ...preferring({ Advertising: false }) })).toEqual([
      'active false user_id:u1 of acme #1',
    ])
  })

  it('goes by what holds for users that become one', () => {
    const space = given(asking('refused'), BUYERS)
    space.call('track', { anonymousId: 'a1', event: 'Bought', ...preferring({ Advertising: true }) })
    space.track('u1', 'Bought')
    const told = space.call('identify', { userId: 'u1', anonymousId: 'a1' })
    expect(told).toEqual(['buyers true user_id:u1 anonymous_id:a1 #1'])
    const withdrawn = given(asking('allowed'), BUYERS)
    withdrawn.track('u1', 'Bought')
    withdrawn.call('track', { anonymousId: 'a1', event: 'Viewed', ...preferring({ Advertising: false }) })
    expect(withdrawn.call('identify', { userId: 'u1', anonymousId: 'a1' })).toEqual([
      'buyers false user_id:u1 anonymous_id:a1 #1',
    ])
  })

  it('that asks for other consent is told again of all whom it knows', () => {
    const space = given(undefined, BUYERS)
    space.track('u1', 'Bought')
    space.call('track', { userId: 'u2', event: 'Bought', ...preferring({ Advertising: true }) })
    space.deliverAll()
    space.command({ kind: 'put destination', destination: destination({ consent: asking('refused') }) })
    expect(space.sync().sort()).toEqual(['buyers false user_id:u1 #1 resync 1', 'buyers true user_id:u2 #1 resync 1'])
  })
})

describe('consent', () => {
  it('is no trait, is kept with the user, and cannot be set as one', () => {
    const space = given(asking(), BUYERS)
    space.call('identify', {
      userId: 'u1',
      traits: { a: 1, '\0consent': { Advertising: true } },
      ...preferring({ Advertising: false }),
    })
    space.reopen()
    expect(space.track('u1', 'Bought')).toEqual([])
    expect(reopened(space.shard).profile('user_id', 'u1')!.traits.values).toEqual({ a: 1 })
    expect(space.shard.profile('user_id', 'u1')!.traits.consent).toEqual({ Advertising: false })
  })

  it('that is no list of choices says nothing', () => {
    const space = given(asking('refused'), BUYERS)
    for (const consent of [
      null,
      'yes',
      { categoryPreferences: ['Advertising'] },
      { categoryPreferences: { Advertising: 'true' } },
    ])
      space.call('track', { userId: 'u1', event: 'Bought', context: { consent } })
    expect(space.waiting()).toEqual([])
  })
})
