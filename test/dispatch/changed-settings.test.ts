/** Settings that are given, put together with those that are there. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { DestinationType } from '../../destinations/contract/destination.ts'
import { changedSettings } from '../../src/dispatch/changed-settings.ts'
import { MASK } from '../../src/model/destination-admin.ts'
import type { JsonObject } from '../../src/model/json.ts'

const TYPE = {
  slug: 'tool',
  settings: z.record(z.string(), z.json()),
  secrets: ['key', 'oauth', 'token'],
  hosts: ['url'],
} as unknown as DestinationType

const OAUTH = { clientId: 'c', clientSecret: 's', accessToken: 'at', refreshToken: 'rt' }

function changed(given: JsonObject, held?: JsonObject): JsonObject {
  return changedSettings(TYPE, given, held)
}

describe('settings', () => {
  it('are those that are there and those that are given; null removes one, and a masked secret stays', () => {
    const held = { key: 'k', url: 'a', plan: 1, note: MASK }
    expect(changed({ key: MASK, plan: null, note: 'x', more: 2 }, held)).toEqual({
      key: 'k',
      url: 'a',
      note: 'x',
      more: 2,
    })
    expect(changed({ key: MASK, note: MASK })).toEqual({ note: MASK })
  })
})

describe('a change of a host', () => {
  const refusal = (names: string) =>
    expect.objectContaining({
      code: 'validation_error',
      field: 'settings.url',
      message: `settings.url: changes where requests go; give the secrets anew (${names})`,
    }) as Error

  it.each([
    ['another', { url: 'b' }],
    ['none', { url: null }],
    ['another with a masked secret', { url: 'b', key: MASK }],
    ['another with one of two secrets', { url: 'b', token: 't' }],
  ])('is refused while secrets are held: %s', (_to, given) => {
    expect(() => changed(given as JsonObject, { url: 'a', key: 'k' })).toThrow(refusal('key'))
  })

  it('is refused from none, and names all secrets that are held', () => {
    expect(() => changed({ url: 'b' }, { key: 'k', token: 't' })).toThrow(refusal('key, token'))
  })

  it('is made where all secrets are given anew or taken away, where none is held, and where it is none', () => {
    const held = { url: 'a', key: 'k', token: 't' }
    expect(changed({ url: 'b', key: 'l', token: null }, held)).toEqual({ url: 'b', key: 'l' })
    expect(changed({ url: 'b' }, { url: 'a', plan: 1 })).toEqual({ url: 'b', plan: 1 })
    expect(changed({ url: 'a', plan: 2 }, held)).toEqual({ ...held, plan: 2 })
    expect(changed({ url: 'b', key: 'k' })).toEqual({ url: 'b', key: 'k' })
  })

  it('is none where a list has the same hosts', () => {
    const held = { url: ['a', 'b'], key: 'k' }
    expect(changed({ url: ['a', 'b'], plan: 2 }, held)).toEqual({ ...held, plan: 2 })
    expect(() => changed({ url: ['a', 'c'] }, held)).toThrow(refusal('key'))
  })
})

describe('an app', () => {
  const again = { clientId: 'c', clientSecret: 'other' }

  it('keeps its tokens when it is given again without any', () => {
    expect(changed({ oauth: again }, { oauth: OAUTH })).toEqual({ oauth: { ...OAUTH, ...again } })
  })

  it.each([
    ['of another id', { clientId: 'd', clientSecret: 's' }],
    ['without an id', { clientSecret: 's' }],
    ['with a token', { clientId: 'c', accessToken: 'other' }],
  ])('has no others: %s', (_is, oauth) => {
    expect(changed({ oauth }, { oauth: OAUTH })).toEqual({ oauth })
  })

  it('does not take its tokens to another host', () => {
    const held = { url: 'a', oauth: OAUTH }
    expect(() => changed({ url: 'b', oauth: again }, held)).toThrow(/give the secrets anew \(oauth\)/)
    const tokens = { ...again, accessToken: 'new' }
    expect(changed({ url: 'b', oauth: tokens }, held)).toEqual({ url: 'b', oauth: tokens })
  })
})
