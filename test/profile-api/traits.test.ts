/** Pages of traits: the same as all of them cut into pages, and without a look at what is on none. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONSENT_KEY } from '../../src/model/consent.ts'
import { type DefinedTrait, TraitCatalogue } from '../../src/model/trait-catalogue.ts'
import { type Choice, type ProfileView, type TraitClass, traitsOf } from '../../src/profile-api/traits.ts'
import { propertyRuns } from '../support/runs.ts'

/** Few keys, so that definitions shadow traits and each other; of one, two, three and four bytes a character. */
const KEYS = ['', 'a', 'ab', 'b', 'Z', '7', 'é', '\u{ffee}', '\u{1f600}', CONSENT_KEY, 'z9']

const key = fc.constantFrom(...KEYS)
const definition = fc.record({
  key,
  kind: fc.constantFrom('audience' as const, 'computed_trait' as const),
  type: fc.constantFrom('USERS' as const, 'ACCOUNTS' as const),
})
const value = fc.constantFrom(null, true, false, 3, 'x')
const choice = fc.record({
  include: fc.option(
    fc.array(key).map((keys) => new Set(keys)),
    { nil: undefined },
  ),
  class: fc.option(fc.constantFrom<TraitClass>('custom', 'audience', 'computed_trait'), { nil: undefined }),
})

function catalogueOf(definitions: readonly DefinedTrait['source'][]): TraitCatalogue {
  return new TraitCatalogue(definitions.map((source, id) => ({ id, recordId: `rec_${id}`, source })))
}

function inBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

describe('a page of traits', () => {
  it('has those that come next of all that are chosen', () => {
    const run = (
      definitions: readonly DefinedTrait['source'][],
      custom: readonly (readonly [string, string | number | boolean | null])[],
      held: readonly (string | number | boolean | null)[],
      chosen: Choice,
      from: string,
      count: number,
    ): void => {
      const catalogue = catalogueOf(definitions)
      const traits = [...new Map(custom)].map(([key, value]) => ({ key, value, ts: 1, sourceId: 's' }))
      const profile: ProfileView = {
        traits: { entries: () => traits },
        defined: { get: (id) => (id < held.length ? { value: held[id]!, changedAt: 1 } : undefined) },
        accounts: [],
      }
      const all = traitsOf(profile, 'users', catalogue, chosen)
      expect(all.map((trait) => trait.key)).toEqual(all.map((trait) => trait.key).sort(inBytes))
      const next = all.filter((trait) => inBytes(trait.key, from) >= 0).slice(0, count)
      expect(traitsOf(profile, 'users', catalogue, { ...chosen, from, count })).toEqual(next)
      const isChosen = (key: string) => chosen.include?.has(key) ?? true
      const plain = traits.filter(({ key, value }) => value !== null && key !== CONSENT_KEY && isChosen(key))
      const isDefined = (key: string) => definitions.some((one) => one.key === key)
      const shown = chosen.class === undefined || chosen.class === 'custom' ? plain : []
      expect(all.filter((trait) => trait.class === 'custom').map((trait) => trait.key)).toEqual(
        shown
          .map(({ key }) => key)
          .filter((key) => !isDefined(key))
          .sort(inBytes),
      )
    }
    fc.assert(
      fc.property(
        fc.array(definition, { maxLength: 8 }),
        fc.array(fc.tuple(key, value), { maxLength: 8 }),
        fc.array(value, { maxLength: 8 }),
        choice,
        key,
        fc.integer({ min: 0, max: 5 }),
        run,
      ),
      propertyRuns(500),
    )
  })

  it.each([
    [{ count: 11 }, 11],
    [{ from: 'k5000', count: 11 }, 11],
    [{ include: new Set(['k7', 'nobody']), count: 11 }, 1],
  ])('asks for no more of 10,000 definitions than %j needs', (chosen: Choice, asked) => {
    const sources = Array.from(
      { length: 10_000 },
      (_, at) => ({ key: `k${at}`, kind: 'audience', type: 'USERS' }) as const,
    )
    const catalogue = catalogueOf(sources)
    let looks = 0
    const profile: ProfileView = {
      traits: { entries: () => [] },
      defined: {
        get: () => {
          looks++
          return undefined
        },
      },
    }
    expect(traitsOf(profile, 'users', catalogue, chosen)).toHaveLength(asked)
    expect(looks).toBe(asked)
  })
})
