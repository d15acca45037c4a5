/** Ids against the examples that the format's authors publish, and at the ends of what an id can say. */
import { describe, expect, it } from 'vitest'
import { ksuid } from '../../src/model/ksuid.ts'
import { newId } from '../../src/model/new-id.ts'

const EPOCH_MS = 1_400_000_000_000
const ZEROS = '0'.repeat(32)
const ONES = 'f'.repeat(32)

describe('a ksuid', () => {
  it.each([
    [107_608_047, 'B5A1CD34B5F99D1154FB6853345C9735', '0ujtsYcgvSTl8PAuAdqWYSMnLOv'],
    [107_610_780, '73FC1AA3B2446246D6E89FCD909E8FE8', '0ujzPyRiIAffKhBux4PvQdDqMHY'],
    [0, ZEROS, '000000000000000000000000000'],
    [0xffff_ffff, ONES, 'aWgEPTl1tmebfsQzFP4bxwgy80V'],
  ])('of second %i and %s is %s', (seconds, payload, expected) => {
    expect(ksuid(EPOCH_MS + seconds * 1000 + 999, payload)).toBe(expected)
  })

  it('of an instant before the first or after the last is of the nearest', () => {
    expect(ksuid(0, ONES)).toBe(ksuid(EPOCH_MS, ONES))
    expect(ksuid(Number.MAX_SAFE_INTEGER, ZEROS)).toBe(ksuid(EPOCH_MS + 0xffff_ffff * 1000, ZEROS))
  })

  it('takes the first 32 digits of more', () => {
    expect(ksuid(EPOCH_MS, `${ONES}123`)).toBe(ksuid(EPOCH_MS, ONES))
  })
})

describe('a new id', () => {
  it('has its prefix, sorts by its second, and is another each time', () => {
    const ids = [1.4e12, 1.7e12, 1.7e12 + 1000, 4e12].map((now) => newId('aud', now))
    for (const id of ids) expect(id).toMatch(/^aud_[0-9A-Za-z]{27}$/)
    expect([...ids].sort()).toEqual(ids)
    expect(newId('aud', 1.7e12)).not.toBe(newId('aud', 1.7e12))
  })
})
