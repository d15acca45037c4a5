/** Ids of calls, beside a reckoning with whole numbers of any size. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageIdOf } from '../../src/calls/message-id.ts'
import { propertyRuns } from '../support/runs.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const EPOCH_SECONDS = 1_400_000_000n

function expected(parts: readonly (string | number)[], at: number): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16)
  const seconds = BigInt(Math.floor(at / 1000)) - EPOCH_SECONDS
  let rest = ((seconds < 0n ? 0n : seconds) << 128n) + BigInt(`0x${hash.toString('hex')}`)
  let text = ''
  for (let place = 0; place < 27; place++) {
    text = DIGITS[Number(rest % 62n)]! + text
    rest /= 62n
  }
  expect(rest).toBe(0n)
  return `personas_${text}`
}

describe('the id of a call', () => {
  it('is a ksuid of its instant and of what it is about', () => {
    const part = fc.oneof(fc.string(), fc.nat())
    const at = fc.integer({ min: 0, max: 4_000_000_000_000 })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), at, (parts, instant) => {
        expect(messageIdOf(parts, instant)).toBe(expected(parts, instant))
      }),
      propertyRuns(1_000),
    )
  })

  it('is what it has always been', () => {
    expect(messageIdOf(['user_id:u1', 'vips', 7, 'dst_1', 'identify', 'u1', 0, 'true'], 1_795_459_427_869)).toBe(
      'personas_3MWHVcTuNY1P19q27fVHuP8kGhm',
    )
  })

  it('is `personas_` and 27 digits, at the first and at the last instant that there are', () => {
    for (const at of [0, 1_400_000_000_000, (1_400_000_000 + 0xffff_ffff) * 1000, Number.MAX_SAFE_INTEGER])
      expect(messageIdOf(['a'], at)).toMatch(/^personas_[0-9A-Za-z]{27}$/)
  })

  it('sorts by the second of its instant', () => {
    const found = [1.4e12, 1.5e12, 1.7e12, 1.7e12 + 1000, 4e12].map((at) => messageIdOf([at % 7], at))
    expect([...found].sort()).toEqual(found)
  })

  it('does not take parts that run together for the same', () => {
    expect(messageIdOf(['ab', 'c'], 0)).not.toBe(messageIdOf(['a', 'bc'], 0))
    expect(messageIdOf(['1'], 0)).not.toBe(messageIdOf([1], 0))
  })
})
