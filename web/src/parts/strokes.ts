/** Strokes of a tally from what the feed has brought. */
import type { Transition } from '../api/answers.ts'
import type { Stroke } from './tally.tsx'

/** Returns a stroke for each that entered or left; traits make none. */
export function strokesOf(transitions: readonly Transition[]): Stroke[] {
  return transitions.flatMap(({ at, type }) => {
    if (type === 'trait') return []
    const entered = Number(type === 'entered')
    return [{ at: Date.parse(at), entered, left: 1 - entered }]
  })
}
