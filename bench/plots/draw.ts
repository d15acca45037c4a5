/**
 * Draws a chart as SVG. The same figures give the same bytes. Nothing lies behind the drawing, and its colours are of
 * middling brightness, so that it can be read on a light page and on a dark one.
 */
import * as Plot from '@observablehq/plot'
import { JSDOM, type SvgElement } from 'jsdom'
import type { Chart, Line, Panel } from './chart.ts'

const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 720
const TITLE_HEIGHT = 34
const PANEL_HEIGHT = 270
const MARGINS = { marginTop: 28, marginRight: 210, marginBottom: 42, marginLeft: 62 }
const GREY = '#808080'
const COLOURS = ['#3b82f6', '#d97706']
/** By so much the labels of two lines part, the upper upwards: lines may end at one place. */
const PARTING = 8
/** About so many levels of a linear axis have a line across. */
const LINEAR_LEVELS = 5
/** By this factor a logarithmic axis goes on at both ends. */
const LOG_PADDING = 1.3
const LOG_LEVELS = [1, 10, 100, 1000, 10_000, 100_000].flatMap((power) => [power, 2 * power, 5 * power])

/** The axis that panels share. */
interface Axis {
  readonly label: string
  readonly type: 'linear' | 'log'
}

const { document, XMLSerializer } = new JSDOM('').window

export function drawChart({ title, x, isXLinear = false, panels }: Chart): string {
  const axis = { label: x, type: isXLinear ? 'linear' : 'log' } as const
  const height = TITLE_HEIGHT + panels.length * PANEL_HEIGHT
  const svg = element('svg', {
    viewBox: `0 0 ${WIDTH} ${height}`,
    width: WIDTH,
    height,
    role: 'img',
    color: GREY,
    fill: 'currentColor',
    'font-family': 'system-ui, sans-serif',
    'font-size': 12,
    'text-anchor': 'middle',
  })
  const spoken = element('title', {})
  spoken.textContent = title
  const heading = element('text', { x: 8, y: 22, 'text-anchor': 'start', 'font-size': 15, 'font-weight': 600 })
  heading.textContent = title
  svg.append(
    spoken,
    heading,
    ...panels.map((panel, index) => drawPanel(panel, axis, TITLE_HEIGHT + index * PANEL_HEIGHT)),
  )
  return `${new XMLSerializer().serializeToString(svg)}\n`
}

/** The panel as a group without a style of its own. */
function drawPanel(panel: Panel, x: Axis, top: number): SvgElement {
  const group = element('g', { transform: `translate(0,${top})` })
  group.append(...plotPanel(panel, x).querySelectorAll('svg > g'))
  return group
}

function plotPanel({ y, isLog = false, lines }: Panel, x: Axis): SvgElement {
  const points = lines.flatMap((line) => line.points)
  const ticks = [...new Set(points.map((point) => point.x))]
  const padding = isLog ? LOG_PADDING : 1
  const low = Math.min(...points.map(({ y }) => y.min)) / padding
  const high = Math.max(...points.map(({ y }) => y.max)) * padding
  const levels = isLog ? LOG_LEVELS.filter((level) => level >= low && level <= high) : LINEAR_LEVELS
  const plot: unknown = Plot.plot({
    document,
    width: WIDTH,
    height: PANEL_HEIGHT,
    ...MARGINS,
    x: { type: x.type },
    y: isLog ? { type: 'log', domain: [low, high] } : { type: 'linear', domain: [0, high], nice: true },
    marks: [
      Plot.gridY({ ticks: levels, strokeOpacity: 0.25 }),
      Plot.axisX(ticks, { text: formatCount, label: x.label, labelAnchor: 'center', labelArrow: 'none' }),
      Plot.axisY({ ticks: levels, tickFormat: formatLevel, label: y, labelArrow: 'none', tickSize: 0 }),
      ...lines.flatMap((line, index) => marksOf(line, COLOURS[index]!, partingOf(line, lines))),
    ],
  })
  return plot as SvgElement
}

/** Bars from the least to the greatest run, a line through the medians, and its label at the end. */
function marksOf({ label, points }: Line, colour: string, dy: number): Plot.Markish[] {
  const rows = points.map(({ x, y: { median, min, max } }) => ({ x, median, min, max }))
  return [
    Plot.ruleX(rows, { x: 'x', y1: 'min', y2: 'max', stroke: colour, strokeOpacity: 0.6 }),
    Plot.lineY(rows, { x: 'x', y: 'median', stroke: colour, strokeWidth: 2 }),
    Plot.dot(rows, { x: 'x', y: 'median', r: 2.5, fill: colour }),
    Plot.text(rows.slice(-1), {
      x: 'x',
      y: 'median',
      text: () => label,
      fill: colour,
      textAnchor: 'start',
      dx: 9,
      dy,
    }),
  ]
}

/** Returns how far down a line's label moves; up if that is negative. */
function partingOf(line: Line, lines: readonly Line[]): number {
  if (lines.length === 1) return 0
  const [upper] = [...lines].sort((a, b) => b.points.at(-1)!.y.median - a.points.at(-1)!.y.median)
  return line === upper ? -PARTING : PARTING
}

/** Millions are short, as they stand side by side. */
function formatCount(value: number): string {
  return value < 1e6 ? formatLevel(value) : `${formatLevel(value / 1e6)} million`
}

function formatLevel(value: number): string {
  return value.toLocaleString('en-US')
}

function element(name: string, attributes: Readonly<Record<string, string | number>>): SvgElement {
  const created = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value)
  return created
}
