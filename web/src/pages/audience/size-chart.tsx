/** The line of an audience's size, on a canvas. */
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { SizeStep } from '../../api/answers.ts'
import { count } from '../../parts/format.ts'

const HEIGHT_PX = 220
const LINE_PX = 1.5
const AXIS_PX = 56
/** Room for half of the last time on the axis. */
const END_PX = 20
const MS = 1_000

export interface SizeChartProps {
  readonly steps: readonly SizeStep[]
  readonly stepMs: number
  /** The time that is shown, epoch ms. */
  readonly from: number
  readonly to: number
}

export function SizeChart({ steps, stepMs, from, to }: SizeChartProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current!
    let chart = drawn(element, { steps, stepMs, from, to })
    const again = (): void => {
      chart.destroy()
      chart = drawn(element, { steps, stepMs, from, to })
    }
    const themes = new MutationObserver(again)
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    const isDark = matchMedia('(prefers-color-scheme: dark)')
    isDark.addEventListener('change', again)
    const sizes = new ResizeObserver(() => {
      chart.setSize({ width: element.clientWidth, height: HEIGHT_PX })
    })
    sizes.observe(element)
    return () => {
      themes.disconnect()
      sizes.disconnect()
      isDark.removeEventListener('change', again)
      chart.destroy()
    }
  }, [steps, stepMs, from, to])
  const first = steps[0]!.size
  const last = steps.at(-1)!.size
  const label = `Size: ${count(first)} at first, ${count(last)} now`
  return <div className="over-time-chart" ref={place} role="img" aria-label={label} />
}

function drawn(element: HTMLElement, { steps, stepMs, from, to }: SizeChartProps): uPlot {
  const [accent, line, ink] = ['--accent', '--line', '--ink-3'].map((token) => colourOf(element, token)) as [
    string,
    string,
    string,
  ]
  const axis = {
    stroke: ink,
    font: '11px "Hanken Grotesk Variable", system-ui, sans-serif',
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  }
  const options: uPlot.Options = {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, END_PX, 0, 0],
    scales: { x: { range: () => [from / MS, to / MS] } },
    series: [{}, { stroke: accent, width: LINE_PX, points: { show: steps.length === 1 } }],
    axes: [
      { ...axis, grid: { show: false }, values: (_, at) => at.map((seconds) => timeText(seconds * MS, stepMs)) },
      { ...axis, size: AXIS_PX, incrs: WHOLE, values: (_, sizes) => sizes.map((size) => count(size)) },
    ],
  }
  // The size of a step is that of its end.
  const at = steps.map((step) => Math.min(to, Date.parse(step.at) + stepMs) / MS)
  return new uPlot(options, [at, steps.map(({ size }) => size)], element)
}

/** Distances of lines: sizes are whole numbers. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat()

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const DAY_MS = 86_400_000

function timeText(at: number, stepMs: number): string {
  return (stepMs === DAY_MS ? DAY : CLOCK).format(at)
}

/** Returns the colour of a token in the theme that is shown, as a canvas takes it. */
function colourOf(element: HTMLElement, token: string): string {
  element.style.color = `var(${token})`
  const { color } = getComputedStyle(element)
  element.style.removeProperty('color')
  return color
}
