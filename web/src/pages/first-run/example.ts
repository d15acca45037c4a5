/** Strokes of an example, on a scale from 0 to 1: nobody in particular. */
import type { Stroke } from '../../parts/tally.tsx'

const STROKES = 110

export const EXAMPLE: readonly Stroke[] = madeUp()

/** Makes up strokes that come in waves, the same on every page. */
function madeUp(): Stroke[] {
  let state = 20
  const next = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
  return Array.from({ length: STROKES }, () => {
    const height = 1 + Math.round(next() * 9)
    const isEntry = next() < 0.58
    const wave = Math.floor(next() * 9) / 9
    return { at: Math.min(1, wave + (next() * next()) / 7), entered: isEntry ? height : 0, left: isEntry ? 0 : height }
  }).sort((a, b) => a.at - b.at)
}
