/** Pictures of the bench `plots`: what is drawn of figures, and where. */
import { describe, expect, it } from 'vitest'
import type { Chart, Line } from '../../bench/plots/chart.ts'
import { drawChart } from '../../bench/plots/draw.ts'

const BYTES_MAX = 12 * 1024

function lineOf(label: string, medians: readonly (readonly [x: number, y: number])[]): Line {
  return { label, points: medians.map(([x, median]) => ({ x, y: { median, min: median - 1, max: median + 2 } })) }
}

function chartOf(...lines: readonly Line[]): Chart {
  return { name: 'a', title: 'Is a < b & c?', x: 'calls <x>', panels: [{ y: 'µs "a" call', lines }] }
}

/** The values of an attribute of all elements of a name. */
function attributes(svg: string, element: string, attribute: string): number[] {
  return [...svg.matchAll(new RegExp(`<${element} [^>]*?\\b${attribute}="([^"]+)"`, 'g'))].map(([, value]) =>
    Number(value),
  )
}

const FLAT = lineOf('flat', [
  [10, 4],
  [100, 4],
  [1000, 4],
])
const STEEP = lineOf('steep', [
  [10, 2],
  [100, 4],
  [1000, 8],
])

describe('a drawn chart', () => {
  it('is the same for the same figures, whatever was drawn before', () => {
    const first = drawChart(chartOf(FLAT, STEEP))
    drawChart(chartOf(STEEP))
    expect(drawChart(chartOf(FLAT, STEEP))).toBe(first)
  })

  it('has a point where the logarithm of its number is', () => {
    const [ten, hundred, thousand] = attributes(drawChart(chartOf(FLAT)), 'circle', 'cx')
    expect(ten).toBeLessThan(hundred!)
    expect(hundred).toBeCloseTo((ten! + thousand!) / 2)
  })

  it('has a point where its number is, if the axis below is linear', () => {
    const [zero, one, three] = attributes(
      drawChart({
        ...chartOf(
          lineOf('flat', [
            [0, 4],
            [1, 4],
            [3, 4],
          ]),
        ),
        isXLinear: true,
      }),
      'circle',
      'cx',
    )
    expect(three! - one!).toBeCloseTo(2 * (one! - zero!))
  })

  it('has a linear axis upwards that begins at zero, or a logarithmic one', () => {
    const [two, four, eight] = attributes(drawChart(chartOf(STEEP)), 'circle', 'cy')
    expect(eight! - four!).toBeCloseTo(2 * (four! - two!))
    expect(eight).toBeLessThan(four!)
    const chart = chartOf(STEEP)
    const logarithmic = drawChart({ ...chart, panels: chart.panels.map((panel) => ({ ...panel, isLog: true })) })
    const [low, middle, high] = attributes(logarithmic, 'circle', 'cy')
    expect(high! - middle!).toBeCloseTo(middle! - low!)
  })

  it('has a bar from the least to the greatest run of each point', () => {
    const svg = drawChart(chartOf(lineOf('one', [[10, 3]]), lineOf('other', [[100, 5]])))
    const bars = svg.slice(svg.indexOf('aria-label="rule"'))
    const [from, to] = [attributes(bars, 'line', 'y1'), attributes(bars, 'line', 'y2')]
    expect(from.map((y1, index) => y1 - to[index]!)).toEqual([expect.closeTo(from[0]! - to[0]!), expect.any(Number)])
    expect(from[0]).toBeGreaterThan(to[0]!)
  })

  it('escapes title and labels, and has no text as it came', () => {
    const svg = drawChart(chartOf(lineOf('</text><script>', [[10, 1]])))
    for (const text of ['Is a &lt; b &amp; c?', 'calls &lt;x&gt;', '&lt;/text&gt;&lt;script&gt;'])
      expect(svg).toContain(text)
    expect(svg).not.toContain('<script')
  })

  it('parts the labels of lines that end at one place', () => {
    const svg = drawChart(chartOf(lineOf('one', [[10, 3]]), lineOf('other', [[10, 3]])))
    const places = [...svg.matchAll(/aria-label="text"[^>]* transform="translate\([\d.]+,(-?[\d.]+)\)"/g)]
    expect(places.map(([, y]) => Number(y))).toEqual([-8, 8])
  })

  it('is small, with two panels too, and lets the page behind it be seen', () => {
    const { panels, ...chart } = chartOf(
      ...['a', 'b'].map((label) =>
        lineOf(
          label,
          [10, 30, 100, 300, 1000, 3000, 10_000].map((x) => [x, Math.sqrt(x)]),
        ),
      ),
    )
    const svg = drawChart({ ...chart, panels: [...panels, ...panels] })
    expect(Buffer.byteLength(svg)).toBeLessThanOrEqual(BYTES_MAX)
    expect(svg).not.toContain('<rect')
    expect(svg).not.toContain('background')
  })
})
