/** The rows of all benches as one table of text. */
import type { Row } from './row.ts'

const HEADINGS = [
  'bench',
  'case',
  'result',
  'min – max',
  'unit',
  'wall',
  'baseline',
  'ratio',
  'larger',
  'target',
  'met?',
]

export function formatTable(rows: readonly Row[]): string {
  const lines = [HEADINGS, ...rows.map(cellsOf)]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)))
  const [head, ...body] = lines.map((cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`)
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n')
}

function cellsOf({ bench, case: name, result, unit, wall, baseline, ratio, larger = [], target }: Row): string[] {
  return [
    bench,
    name,
    formatNumber(result.median),
    `${formatNumber(result.min)} – ${formatNumber(result.max)}`,
    unit,
    wall === undefined ? '' : formatNumber(wall),
    baseline ? `${baseline.name}: ${formatNumber(baseline.value)}` : '',
    ratio === undefined ? '' : `${formatNumber(ratio)} ×`,
    larger.map(({ name, value, ratio }) => `${name}: ${formatNumber(value)}, ${formatNumber(ratio)} ×`).join('; '),
    target?.text ?? '',
    target ? (target.isMet ? 'yes' : 'NO') : '',
  ]
}

/** Three significant digits where small, whole where large. */
function formatNumber(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return Number(value.toPrecision(3)).toString()
}
