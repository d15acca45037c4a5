/** The order of UTF-8, in which keys are listed. */
const SURROGATES = 0xd800
const AFTER_SURROGATES = 0xe000

/** Orders two texts by their UTF-8 bytes: as their code units, but that surrogates stand for greater bytes. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [ours, theirs] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (ours === theirs) continue
    if (ours < SURROGATES || theirs < SURROGATES) return ours - theirs
    if (ours < AFTER_SURROGATES === theirs < AFTER_SURROGATES) return ours - theirs
    return theirs - ours
  }
  return a.length - b.length
}
