/** Fingerprints: those that checkpoints hold, and every other as a plain reading of the definition has it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeFingerprint } from '../../../actors/identity/fingerprint.ts'
import { propertyRuns } from '../../support/runs.ts'

const FACTORS = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93]
const ADDED = [0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17]

function fingerprintOf(text: string, seed?: number): string {
  const words = new Uint32Array(4)
  writeFingerprint(text, words, seed)
  return [...words].map((word) => word.toString(16).padStart(8, '0')).join(' ')
}

/** The same in blocks of eight units, filled up with zeros; a word a lane. */
function naiveFingerprintOf(text: string, seed = 0): string {
  const units = text.padEnd(Math.ceil(text.length / 8) * 8, '\0')
  const h = [seed, seed, seed, seed]
  for (let at = 0; at < units.length; at += 8)
    for (let lane = 0; lane < 4; lane++) {
      const next = (lane + 1) % 4
      const word = units.charCodeAt(at + 2 * lane) + 0x10000 * units.charCodeAt(at + 2 * lane + 1)
      const mixed = h[lane]! ^ Math.imul(rotated(Math.imul(word, FACTORS[lane]!), 15 + lane), FACTORS[next]!)
      h[lane] = (Math.imul(rotated(mixed, [19, 17, 15, 13][lane]!) + h[next]!, 5) + ADDED[lane]!) | 0
    }
  const [first, ...others] = summed(h.map((word) => word ^ text.length)).map(finished)
  const words = summed([first!, ...others])
  return words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(' ')
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

/** The first is the sum of all, and is then added to each of the others. */
function summed([first, ...others]: readonly number[]): number[] {
  const sum = others.reduce((total, word) => (total + word) | 0, first!)
  return [sum, ...others.map((word) => (word + sum) | 0)]
}

function finished(word: number): number {
  const once = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}

describe('a fingerprint', () => {
  // Checkpoints hold such words: another function would take every call of the last day for new.
  it.each([
    ['', '00000000 00000000 00000000 00000000'],
    ['\0', '0d612e4d 49e0ce86 37eeeca6 c3e9b57e'],
    ['a', '0e8ff097 4247a279 105cc0d4 7440e91d'],
    ['m1', '4c65dd99 dda13046 b3066cd5 c5ebbdaa'],
    ['1234567', '26fda057 d11fec74 c8838bfb 89608fa2'],
    ['12345678', 'cd5257f1 19425a79 594aac4c 7b4e2e1e'],
    ['123456789', 'eeed8229 ed912ab0 333c3f01 658ad9b7'],
    ['00f1e2d3c4b5a697', 'b0252521 90caf534 551e4fc4 226c600b'],
    ['8f14e45f-ceea-467f-a8d7-3c59d1b1f1a4', 'dc3999cd baeb4da8 d4a6cb03 689eb415'],
    ['ajs-next-1767225600000-8f14e45f-ceea-467f-a8d7-3c59d1b1f1a4', '11451174 dc12fb23 2732b7ac e0755b5f'],
    ['Ünïcödé', '0244261b 98438e79 00ce50dd 090a50c1'],
    ['\u{1f600} \u4f60\u597d', '91472a19 bd6f8b5c 83a4445f 2cb527a6'],
    ['\udc00', 'a122eb0d 26034731 46006add e226a861'],
    ['x'.repeat(100), '0e89745b 2ff201bf 26d86c1c 9ce2b263'],
  ])('of %j', (text, words) => {
    expect(fingerprintOf(text)).toBe(words)
  })

  it('is what the definition says, whatever the text, its length and the seed', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 100 }),
      fc.array(fc.nat(0xffff), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
    )
    const seeds = fc.option(fc.oneof(fc.nat(100), fc.nat(0xffffffff)), { nil: undefined })
    fc.assert(
      fc.property(texts, seeds, (text, seed) => {
        expect(fingerprintOf(text, seed)).toBe(naiveFingerprintOf(text, seed))
      }),
      propertyRuns(3000),
    )
  })

  it('is another for texts that differ little, by a unit, in length or by halves of surrogates', () => {
    const texts = ['', '\0', '\0\0', 'a', 'b', 'aa', '\ud800', '\udc00', '\ufffd', 'abcdefgh', 'abcdefgi', 'abcdefgh\0']
    expect(new Set(texts.map((text) => fingerprintOf(text))).size).toBe(texts.length)
  })

  it('of one text is another by each seed', () => {
    for (const text of ['', 'a', 'user-12345', 'x'.repeat(100)])
      expect(new Set(Array.from({ length: 1000 }, (_, seed) => fingerprintOf(text, seed))).size).toBe(1000)
  })
})
