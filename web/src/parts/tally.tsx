/**
 * The tally: a stroke up for whoever enters, a stroke down for whoever leaves, each at its own instant. It is two paths;
 * above 400 strokes they are bars of equal time.
 */

/** People who came or went at an instant, epoch ms. */
export interface Stroke {
  readonly at: number
  readonly entered: number
  readonly left: number
}

export interface TallyProps {
  readonly strokes: readonly Stroke[]
  /** Epoch ms. */
  readonly from: number
  readonly to: number
  /** In units of its own: styles say how large it is. */
  readonly width?: number
  readonly height?: number
  readonly label: string
  /** Strokes from this instant on have just come: they grow. */
  readonly freshFrom?: number
}

const STROKES_MAX = 400
const BARS = 60

export function Tally({ strokes, from, to, width = 150, height = 26, label, freshFrom = Infinity }: TallyProps) {
  const shown = inBars(
    strokes.filter(({ at }) => at >= from && at <= to),
    from,
    to,
  )
  const most = Math.max(1, ...shown.map(({ entered, left }) => Math.max(entered, left)))
  const middle = height * 0.56
  const x = (at: number): number => round(((at - from) / Math.max(1, to - from)) * width)
  const up = (entered: number): number => round(middle - 1.5 - (0.25 + 0.75 * (entered / most)) * (middle - 4))
  const down = (left: number): number => round(middle + 1.5 + (0.25 + 0.75 * (left / most)) * (height - middle - 4))
  const path = (of: readonly Stroke[], isUp: boolean): string =>
    of
      .filter((stroke) => (isUp ? stroke.entered : stroke.left) > 0)
      .map(({ at, entered, left }) =>
        isUp ? `M${x(at)} ${round(middle - 1.5)}V${up(entered)}` : `M${x(at)} ${round(middle + 1.5)}V${down(left)}`,
      )
      .join('')
  const [old, fresh] = [shown.filter(({ at }) => at < freshFrom), shown.filter(({ at }) => at >= freshFrom)]
  return (
    <svg className="tally" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path className="z" vectorEffect="non-scaling-stroke" d={`M0 ${round(middle)}H${width}`} />
      <path className="e" vectorEffect="non-scaling-stroke" d={path(old, true)} />
      <path className="l" vectorEffect="non-scaling-stroke" d={path(old, false)} />
      {fresh.length > 0 && (
        <>
          <path className="e fresh" vectorEffect="non-scaling-stroke" d={path(fresh, true)} />
          <path className="l fresh" vectorEffect="non-scaling-stroke" d={path(fresh, false)} />
        </>
      )}
    </svg>
  )
}

/** Gathers strokes into bars if there are too many to be told apart. */
function inBars(strokes: readonly Stroke[], from: number, to: number): readonly Stroke[] {
  if (strokes.length <= STROKES_MAX) return strokes
  const step = (to - from) / BARS
  const bars = Array.from({ length: BARS }, (_, index) => ({ at: from + (index + 0.5) * step, entered: 0, left: 0 }))
  for (const { at, entered, left } of strokes) {
    const bar = bars[Math.min(BARS - 1, Math.floor((at - from) / step))]!
    bar.entered += entered
    bar.left += left
  }
  return bars
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
