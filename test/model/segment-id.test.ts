import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BASE62_LENGTH, fromBase62, toBase62 } from '../../src/model/base62.ts'
import { isSegmentId, SegmentIds } from '../../src/model/segment-id.ts'
import { propertyRuns } from '../support/runs.ts'

const ids = new SegmentIds('space1')

describe('base 62', () => {
  it('comes back as it was', () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    fc.assert(
      fc.property(fc.tuple(word, word, word, word, word), (words) => {
        const text = toBase62([...words])
        expect(text).toMatch(/^[0-9A-Za-z]{27}$/)
        expect(fromBase62(text)).toEqual(words)
      }),
      propertyRuns(200),
    )
  })

  it.each([
    ['too short a text', '0'.repeat(BASE62_LENGTH - 1)],
    ['a character that is no digit', `-${'0'.repeat(BASE62_LENGTH - 1)}`],
    ['more than 160 bits', 'z'.repeat(BASE62_LENGTH)],
  ])('knows no words of %s', (_, text) => {
    expect(fromBase62(text)).toBeUndefined()
  })
})

describe('a segment id', () => {
  it('leads back to its ordinal, and is the same every time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom('users', 'accounts'), (ordinal, of) => {
        const id = ids.of(of, ordinal)
        expect(isSegmentId(id)).toBe(true)
        expect(ids.ordinalOf(of, id)).toBe(ordinal)
        expect(new SegmentIds('space1').of(of, ordinal)).toBe(id)
      }),
      propertyRuns(200),
    )
  })

  it('has the form of the ids of Segment, for users and for accounts', () => {
    expect(ids.of('users', 7)).toMatch(/^use_[0-9A-Za-z]{27}$/)
    expect(ids.of('accounts', 7)).toMatch(/^acc_[0-9A-Za-z]{27}$/)
  })

  it.each([
    ['another space', new SegmentIds('space2').of('users', 7)],
    ['another collection', ids.of('accounts', 7)],
    ['another collection under its name', ids.of('accounts', 7).replace('acc_', 'use_')],
    ['nobody', `use_${'0'.repeat(BASE62_LENGTH)}`],
    ['no form', 'use_7'],
  ])('of %s is not taken', (_, id) => {
    expect(ids.ordinalOf('users', id)).toBeUndefined()
  })
})
