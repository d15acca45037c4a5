/** A number in words, or the interval in which it is while it is being counted. */
import type { Estimate } from '../api/answers.ts'
import { count } from '../parts/format.ts'

export function boundsOf(value: number | Estimate): string {
  return typeof value === 'number' ? count(value) : `${count(value.low)} – ${count(value.high)}`
}
