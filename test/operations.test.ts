/** The files for who operates a server name only metrics that it has. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createMetrics } from '../src/http/metrics.ts'

const FOLDER = join(import.meta.dirname, '../docs/operations')

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  /** A row has none. */
  readonly targets?: readonly { readonly expr: string }[]
}

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

/** The metrics that an expression names; all of ours and of Node's have an underscore, as labels have not. */
function metricsIn(text: string): string[] {
  return text.match(/\b(?:rollcall|process|nodejs)_\w+/g) ?? []
}

/** The histogram of counts that have no sum. */
const WITHOUT_SUM = 'rollcall_delivery_latency_seconds_sum'

/** The names of series that the server exposes, those of histograms among them. */
async function exposed(): Promise<Set<string>> {
  const metrics = createMetrics()
  metrics.ofSpace('s').follow({
    profiles: () => 0,
    messageIdsKnownSince: () => undefined,
    deliveries: () => [],
    journal: () => ({ reachable: 1, requests: 0, bytes: 0 }),
  })
  const types = (await metrics.text()).matchAll(/^# TYPE (\w+) (\w+)$/gm)
  const names = [...types].flatMap(([, name, type]) =>
    type === 'histogram' ? [`${name!}_bucket`, `${name!}_count`, `${name!}_sum`] : [name!],
  )
  return new Set(names.filter((name) => name !== WITHOUT_SUM))
}

function missing(names: readonly string[], known: ReadonlySet<string>): string[] {
  return names.filter((name) => !known.has(name))
}

describe('docs/operations', () => {
  it('has a dashboard whose panels show metrics of the server', async () => {
    const { panels } = JSON.parse(read('dashboard.json')) as Dashboard
    const shown = panels.filter(({ type }) => type !== 'row')
    expect(shown.filter(({ targets }) => targets!.flatMap(({ expr }) => metricsIn(expr)).length === 0)).toEqual([])
    expect(missing(metricsIn(read('dashboard.json')), await exposed())).toEqual([])
  })

  it('has a dashboard whose panels lie beside each other, with rows of nodes and of spaces', () => {
    const { panels } = JSON.parse(read('dashboard.json')) as Dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Nodes',
      'Spaces of the cluster',
    ])
  })

  it('has every metric of nodes in the dashboard', async () => {
    const shown = read('dashboard.json')
    const ofNodes = [...(await exposed())].filter((name) => /^rollcall_(node|beat|lease|space|forwarded)/.test(name))
    const missed = ofNodes.filter(
      (name) => !/_(sum|count)$/.test(name) && name !== 'rollcall_nodes' && !shown.includes(name),
    )
    expect(missed).toEqual([])
  })

  it('has rules that look at metrics of the server', async () => {
    const rules = (parse(read('alerts.yaml')) as Rules).groups.flatMap(({ rules }) => rules)
    expect(rules.length).toBeGreaterThan(5)
    expect(rules.filter(({ expr }) => metricsIn(expr).length === 0)).toEqual([])
    expect(missing(metricsIn(read('alerts.yaml')), await exposed())).toEqual([])
  })

  it('names only metrics of the server in its texts', async () => {
    const texts = readdirSync(FOLDER).filter((name) => name.endsWith('.md'))
    expect(
      missing(
        texts.flatMap((name) => metricsIn(read(name))),
        await exposed(),
      ),
    ).toEqual([])
  })
})

it('the rule fires on a metric that is not there, and on a histogram without its parts', async () => {
  const names = metricsIn('rate(rollcall_gone_total[5m]) > rollcall_checkpoint_duration_seconds + rollcall_profiles')
  expect(missing(names, await exposed())).toEqual(['rollcall_gone_total', 'rollcall_checkpoint_duration_seconds'])
})
