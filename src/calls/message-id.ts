/**
 * The id of a call: the same on every try, and in every run over the same journal. `personas_` and a ksuid, as
 * Segment's are: 32 bits of seconds since 2014-05-13T16:53:20Z, then 128 bits, here of a hash of what it is about.
 */
import { hash } from 'node:crypto'

const KSUID_EPOCH_SECONDS = 1_400_000_000
const KSUID_DIGITS = 27
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Three digits are found by one division: as many as a double has room for beside a word. */
const THREE_DIGITS = 62 ** 3

/** @param parts in an order that is for good. @param at epoch ms */
export function messageIdOf(parts: readonly (string | number)[], at: number): string {
  const digest = hash('sha256', JSON.stringify(parts), 'hex')
  const seconds = Math.max(0, Math.min(0xffff_ffff, Math.floor(at / 1000) - KSUID_EPOCH_SECONDS))
  const word = (place: number): number => Number.parseInt(digest.slice(place, place + 8), 16)
  const words = [seconds, word(0), word(8), word(16), word(24)]
  return `personas_${inBase62(words)}`
}

/** Long division of a number in words of 32 bits, the highest first; BigInt would cost ten times more. */
function inBase62(words: number[]): string {
  let text = ''
  for (let place = 0; place < KSUID_DIGITS; place += 3) {
    let rest = 0
    for (let index = 0; index < words.length; index++) {
      const dividend = rest * 4_294_967_296 + words[index]!
      words[index] = Math.floor(dividend / THREE_DIGITS)
      rest = dividend % THREE_DIGITS
    }
    text = DIGITS[Math.floor(rest / 3_844)]! + DIGITS[Math.floor(rest / 62) % 62]! + DIGITS[rest % 62]! + text
  }
  return text
}
