/** 160 bits in 27 digits of base 62: the form of Segment's ids. */
export const BASE62_LENGTH = 27
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** One division gives three digits: a double has no room for more beside a word. */
const THREE_DIGITS = 62 ** 3
const WORD_SPAN = 2 ** 32
const WORDS = 5

/** Divides a number in words of 32 bits, the highest first, by long division: BigInt costs a third more. */
export function toBase62(words: number[]): string {
  let text = ''
  for (let digit = 0; digit < BASE62_LENGTH; digit += 3) {
    let rest = 0
    for (let index = 0; index < words.length; index++) {
      const dividend = rest * WORD_SPAN + words[index]!
      words[index] = Math.floor(dividend / THREE_DIGITS)
      rest = dividend % THREE_DIGITS
    }
    text = DIGITS[Math.floor(rest / 3_844)]! + DIGITS[Math.floor(rest / 62) % 62]! + DIGITS[rest % 62]! + text
  }
  return text
}

/** Returns the words of a text, the highest first; undefined for one that `toBase62` cannot have made. */
export function fromBase62(text: string): number[] | undefined {
  if (text.length !== BASE62_LENGTH) return undefined
  const words = new Array<number>(WORDS).fill(0)
  for (const digit of text) {
    let carry = DIGITS.indexOf(digit)
    if (carry < 0) return undefined
    for (let index = WORDS - 1; index >= 0; index--) {
      const product = words[index]! * 62 + carry
      words[index] = product % WORD_SPAN
      carry = Math.floor(product / WORD_SPAN)
    }
    if (carry > 0) return undefined
  }
  return words
}
