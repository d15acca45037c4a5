/**
 * Ids that sort by the second in which they were made: 32 bits of seconds since 2014-05-13T16:53:20Z, then 128 bits
 * that the caller gives, in 27 digits of base 62. The format is that of Segment's ksuids.
 */
import { toBase62 } from './base62.ts'

const EPOCH_SECONDS = 1_400_000_000
const SECONDS_MAX = 0xffff_ffff
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
  return toBase62([seconds, word(0), word(1), word(2), word(3)])
}
