/**
 * 128-bit fingerprints of text: MurmurHash3 (x86, 128 bits; Appleby 2011) over its UTF-16 code units, two to a word.
 * Among 50 million texts, the odds that any two share one are below 1 in 10^22. It is no defence against texts that
 * were made to collide.
 */

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

function finish(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Returns the unit at an index and the next one as one word. Beyond the end of the text, a unit counts as 0. */
function wordAt(text: string, at: number): number {
  if (at + 1 < text.length) return text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16)
  return at < text.length ? text.charCodeAt(at) : 0
}

/**
 * Writes the four words of a text's fingerprint. Two seeds give a text two different fingerprints.
 * @param seed a 32-bit integer; checkpoints hold fingerprints of seed 0
 */
export function writeFingerprint(text: string, words: Uint32Array, seed = 0): void {
  // No closure and no list of variables: they cost as much as the arithmetic.
  let h1 = seed
  let h2 = seed
  let h3 = seed
  let h4 = seed
  const { length } = text
  for (let at = 0; at < length; at += 8) {
    h1 ^= Math.imul(rotate(Math.imul(wordAt(text, at), C1), 15), C2)
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0
    h2 ^= Math.imul(rotate(Math.imul(wordAt(text, at + 2), C2), 16), C3)
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0
    h3 ^= Math.imul(rotate(Math.imul(wordAt(text, at + 4), C3), 17), C4)
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0
    h4 ^= Math.imul(rotate(Math.imul(wordAt(text, at + 6), C4), 18), C1)
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0
  }
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = finish((h2 + h1) | 0)
  h3 = finish((h3 + h1) | 0)
  h4 = finish((h4 + h1) | 0)
  h1 = (finish(h1) + h2 + h3 + h4) | 0
  words[0] = h1
  words[1] = h2 + h1
  words[2] = h3 + h1
  words[3] = h4 + h1
}
