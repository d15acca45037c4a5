/**
 * Ids that sort by the second in which they were made: 32 bits of seconds since 2014-05-13T16:53:20Z, then 128 bits
 * that the caller gives, in 27 digits of base 62. The format is that of Segment's ksuids.
 */

const EPOCH_SECONDS = 1_400_000_000
const SECONDS_MAX = 0xffff_ffff
const DIGIT_COUNT = 27
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** One division gives three digits: a double has no room for more beside a word. */
const THREE_DIGITS = 62 ** 3
/** Base 16 digits of a word of 32 bits. */
const WORD_LENGTH = 8

/**
 * Returns the id of an instant and 128 bits. Instants outside the range of the seconds count as its nearest end.
 *
 * @param at epoch ms
 * @param payload at least 32 digits of base 16, of which the first 32 count
 */
export function ksuid(at: number, payload: string): string {
  const seconds = Math.max(0, Math.min(SECONDS_MAX, Math.floor(at / 1000) - EPOCH_SECONDS))
  const word = (index: number): number =>
    Number.parseInt(payload.slice(index * WORD_LENGTH, (index + 1) * WORD_LENGTH), 16)
  return inBase62([seconds, word(0), word(1), word(2), word(3)])
}

/** Divides a number in words of 32 bits, the highest first, by long division: BigInt costs a third more. */
function inBase62(words: number[]): string {
  let text = ''
  for (let digit = 0; digit < DIGIT_COUNT; digit += 3) {
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
