/**
 * The id of a call: the same on every try, and in every run over the same journal. `personas_` and a ksuid, as
 * Segment's are, whose 128 bits are a hash of what the call is about.
 */
import { hash } from 'node:crypto'
import { ksuid } from '../model/ksuid.ts'

/** @param parts in an order that is for good. @param at epoch ms */
export function messageIdOf(parts: readonly (string | number)[], at: number): string {
  return `personas_${ksuid(at, hash('sha256', JSON.stringify(parts), 'hex'))}`
}
