/** The identities that one delivery addresses. */
import { describe, expect, it } from 'vitest'
import { type Addressing, addresseesOf, addressOf } from '../../src/calls/addressees.ts'
import type { IdSync } from '../../src/model/destination.ts'
import { ids } from '../outbox/given.ts'

const ALL: Addressing = { idSync: [], includesAnonymous: false, isExit: false, only: undefined }

/** One line an addressee: `u1 a@x anon1 ios.idfa:i1`, with `-` for what there is none of. */
function addressed(text: string, changes: Partial<Addressing> = {}): string[] {
  return addresseesOf(text === '' ? [] : ids(text), { ...ALL, ...changes }).map(
    ({ userId = '-', email = '-', anonymousId = '-', others }) =>
      [userId, email, anonymousId, ...others.map(({ type, value }) => `${type}:${value}`)].join(' '),
  )
}

const sync = (externalId: string, strategy: IdSync['strategy'], mapTo?: string): IdSync => ({
  externalId,
  strategy,
  ...(mapTo !== undefined && { mapTo }),
})

describe('without a strategy', () => {
  it('nobody is addressed where there is no id', () => {
    expect(addressed('')).toEqual([])
  })

  it('one id is one addressee', () => {
    expect(addressed('user_id:u1')).toEqual(['u1 - -'])
  })

  it('each email is one, under the same user id', () => {
    expect(addressed('user_id:u1 email:a@x email:b@x email:c@x')).toEqual(['u1 a@x -', 'u1 b@x -', 'u1 c@x -'])
  })

  it('each user id is one', () => {
    expect(addressed('user_id:u1 user_id:u2')).toEqual(['u1 - -', 'u2 - -'])
  })

  it('each user id goes with each email', () => {
    expect(addressed('user_id:u1 email:a@x user_id:u2 email:b@x')).toEqual([
      'u1 a@x -',
      'u1 b@x -',
      'u2 a@x -',
      'u2 b@x -',
    ])
  })

  it('an email alone goes with the last anonymous id, or with none', () => {
    expect(addressed('email:a@x')).toEqual(['- a@x -'])
    expect(addressed('email:a@x anonymous_id:n1 anonymous_id:n2')).toEqual(['- a@x n2'])
  })

  it('who has a user id is not addressed by anonymous ids, whatever the audience includes', () => {
    expect(addressed('user_id:u1 anonymous_id:n1', { includesAnonymous: true })).toEqual(['u1 - -'])
  })

  it('who is anonymous is addressed by each anonymous id, where the audience includes that', () => {
    expect(addressed('anonymous_id:n1 anonymous_id:n2', { includesAnonymous: true })).toEqual(['- - n1', '- - n2'])
    expect(addressed('anonymous_id:n1 anonymous_id:n2')).toEqual([])
  })

  it('a mobile id goes with every call, and is enough by itself', () => {
    expect(addressed('user_id:u1 ios.idfa:i1 email:a@x email:b@x')).toEqual([
      'u1 a@x - ios.idfa:i1',
      'u1 b@x - ios.idfa:i1',
    ])
    expect(addressed('ios.idfa:i1')).toEqual(['- - - ios.idfa:i1'])
    expect(addressed('android.idfa:i1 anonymous_id:n1')).toEqual(['- - n1 android.idfa:i1'])
    expect(addressed('anonymous_id:n1 ios.idfa:i1', { includesAnonymous: true })).toEqual(['- - n1 ios.idfa:i1'])
  })

  it('ids of types of one’s own, and push tokens, are not sent', () => {
    expect(addressed('user_id:u1 loyalty:l1 ios.push_token:t1')).toEqual(['u1 - -'])
    expect(addressed('loyalty:l1')).toEqual([])
  })
})

describe('with a strategy', () => {
  const many = 'user_id:u1 email:a@x email:b@x email:c@x'

  it.each([
    ['first', ['u1 a@x -']],
    ['last', ['u1 c@x -']],
    ['all', ['u1 a@x -', 'u1 b@x -', 'u1 c@x -']],
  ] as const)('%s of the emails are addressed', (strategy, expected) => {
    expect(addressed(many, { idSync: [sync('user_id', 'all'), sync('email', strategy)] })).toEqual(expected)
  })

  it.each(['first', 'last', 'all'] as const)('every id is told of an exit, where it is %s otherwise', (strategy) => {
    const idSync = [sync('user_id', strategy), sync('email', strategy)]
    expect(addressed(many, { idSync, isExit: true })).toEqual(['u1 a@x -', 'u1 b@x -', 'u1 c@x -'])
  })

  it('a type that is not named is not sent, of an exit neither', () => {
    expect(addressed(many, { idSync: [sync('user_id', 'all')] })).toEqual(['u1 - -'])
    expect(addressed(many, { idSync: [sync('user_id', 'all')], isExit: true })).toEqual(['u1 - -'])
    expect(addressed('email:a@x', { idSync: [sync('user_id', 'all')] })).toEqual([])
  })

  it('a type of one’s own goes with every call', () => {
    const idSync = [sync('user_id', 'last'), sync('loyalty', 'all')]
    expect(addressed('loyalty:l1 user_id:u1 loyalty:l2', { idSync })).toEqual(['u1 - - loyalty:l1 loyalty:l2'])
    expect(addressed('loyalty:l1', { idSync })).toEqual(['- - - loyalty:l1'])
  })

  it('an id has the type that the destination knows it by', () => {
    expect(addressed('customer:c1', { idSync: [sync('customer', 'last', 'user_id')] })).toEqual(['c1 - -'])
    expect(addressed('user_id:u1 email:a@x', { idSync: [sync('email', 'last', 'contact')] })).toEqual([
      '- - - contact:a@x',
    ])
  })

  it('who is anonymous is addressed by the ids that the strategy leaves', () => {
    const idSync = [sync('anonymous_id', 'last')]
    expect(addressed('anonymous_id:n1 anonymous_id:n2', { idSync, includesAnonymous: true })).toEqual(['- - n2'])
    expect(addressed('anonymous_id:n1 anonymous_id:n2', { idSync })).toEqual([])
  })
})

describe('a new id', () => {
  it('is told alone', () => {
    const text = 'user_id:u1 email:a@x email:b@x'
    expect(addressed(text, { only: ids('email:b@x') })).toEqual(['u1 b@x -'])
    expect(addressed(text, { only: ids('email:a@x email:b@x') })).toEqual(['u1 a@x -', 'u1 b@x -'])
  })

  it('that is a user id is told with every email', () => {
    const only = ids('user_id:u1')
    expect(addressed('email:a@x email:b@x user_id:u1', { only })).toEqual(['u1 a@x -', 'u1 b@x -'])
  })

  it('that is anonymous is told only where nothing else addresses the profile', () => {
    const only = ids('anonymous_id:n2')
    expect(addressed('user_id:u1 anonymous_id:n2', { only, includesAnonymous: true })).toEqual([])
    expect(addressed('email:a@x anonymous_id:n1 anonymous_id:n2', { only, includesAnonymous: true })).toEqual([])
    expect(addressed('anonymous_id:n1 anonymous_id:n2', { only, includesAnonymous: true })).toEqual(['- - n2'])
    expect(addressed('anonymous_id:n1 anonymous_id:n2', { only })).toEqual([])
  })

  it('that is a mobile one comes with every address', () => {
    const only = ids('ios.idfa:i1')
    expect(addressed('user_id:u1 email:a@x ios.idfa:i1', { only })).toEqual(['u1 a@x - ios.idfa:i1'])
  })

  it('that no call carries is told to nobody', () => {
    expect(addressed('user_id:u1 loyalty:l1', { only: ids('loyalty:l1') })).toEqual([])
    const idSync = [sync('user_id', 'all'), sync('email', 'first')]
    expect(addressed('user_id:u1 email:a@x email:b@x', { idSync, only: ids('email:b@x') })).toEqual([])
    const last = [sync('user_id', 'all'), sync('email', 'last')]
    expect(addressed('user_id:u1 email:a@x email:b@x', { idSync: last, only: ids('email:b@x') })).toEqual(['u1 b@x -'])
  })

  it('is found under the type that the destination knows it by', () => {
    const idSync = [sync('customer', 'all', 'user_id'), sync('email', 'all', 'contact')]
    const text = 'customer:c1 email:a@x customer:c2'
    expect(addressed(text, { idSync, only: ids('customer:c2') })).toEqual(['c2 - - contact:a@x'])
    expect(addressed(text, { idSync, only: ids('email:a@x') })).toEqual(['c1 - - contact:a@x', 'c2 - - contact:a@x'])
    expect(addressed('user_id:u1 customer:c1', { idSync, only: ids('user_id:c1') })).toEqual([])
  })
})

describe('an address', () => {
  it('tells addressees apart by any of their ids', () => {
    const texts = ['user_id:a', 'email:a', 'user_id:a email:b', 'user_id:a ios.idfa:i', 'user_id:a android.idfa:i']
    const all = texts.map((text) => addressOf(addresseesOf(ids(text), ALL)[0]!))
    expect(new Set(all).size).toBe(texts.length)
  })
})
