/**
 * Question: how many machines do a million calls a second and a billion profiles take, by what has been measured?
 *   npm run bench -- scale-model
 *
 * Workload: none is run. `measured.ts` has the figures of other benches, and nothing else goes into the model but what
 * whoever plans chooses. Calls and profiles fall to spaces by Zipf distributions; the product's own placement puts the
 * spaces on nodes, takes away the most loaded node, and puts its spaces on the others. Checked: every space is at one
 * node, no call is lost on the way, no node is above 70 % of a core with one node lost, more calls or profiles do
 * not take fewer nodes, a second copy doubles the memory, and two hundred spaces lie within a fifth of even.
 *
 * It writes docs/plots/scale-calls.svg, scale-profiles.svg and scale-imbalance.svg.
 *
 * It does not show: networks, one Redis that is slower beside others, spaces whose calls come in bursts.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { loadOf, weightOf } from '../../src/cluster/placement.ts'
import { report } from '../harness/row.ts'
import { type Spread, spreadOf } from '../harness/spread.ts'
import { type Chart, pointsOf } from '../plots/chart.ts'
import { drawChart } from '../plots/draw.ts'
import { CHOSEN, GIB } from './measured.ts'
import { cpuShareOf, type Demand, type Installation, installationFor, spacesOf } from './model.ts'
import { imbalanceOf, loseOne, placeAll } from './placed.ts'

/** Beside the compiled benches, the root of the repository. */
const PICTURES = new URL('../../../docs/plots/', import.meta.url)
const GOAL: Demand = {
  callsPerSecond: 1_000_000,
  profiles: 1_000_000_000,
  spaces: 1_000,
  skew: 0,
  hasStandbys: false,
  hasEdges: false,
}
const SKEWS = [0, 0.8, 1.1]
const CALLS = [10_000, 30_000, 100_000, 300_000, 1_000_000]
const PROFILES = [1, 3, 10, 30, 100, 300, 1_000].map((millions) => millions * 1e6)
/** The calls of the curve over profiles: few, so that memory decides. */
const FEW_CALLS = 30_000
/** A space more that has a node to itself leaves fewer to be placed. */
const FALL_MAX = 0.06
const IMBALANCE = { spaces: 200, nodes: 3, max: 1.2, seeds: 20 }
const IMBALANCE_SKEWS = [0, 0.2, 0.4, 0.6, 0.8, 1, 1.1]

for (const skew of SKEWS)
  for (const [name, parts] of [
    ['', {}],
    [', standbys', { hasStandbys: true }],
    [', edges', { hasEdges: true }],
  ] as const)
    reportInstallation(`skew ${skew}${name}`, checked({ ...GOAL, skew, ...parts }))
const charts = [chartOfCalls(), chartOfProfiles(), chartOfImbalance()]
await mkdir(PICTURES, { recursive: true })
for (const chart of charts) await writeFile(new URL(`${chart.name}.svg`, PICTURES), drawChart(chart))

/** Computes an installation; throws if it cannot be. */
function checked(demand: Demand): Installation {
  const installation = installationFor(demand)
  const spaces = [...spacesOf(demand).values()]
  const calls = spaces.reduce((sum, { callsPerSecond }) => sum + callsPerSecond, 0)
  const profiles = spaces.reduce((sum, space) => sum + space.profiles, 0)
  expectNear(calls, demand.callsPerSecond, 'calls')
  expectNear(profiles, demand.profiles, 'profiles')
  const { cpuShare, engines, enginesIfEven } = installation
  if (Math.max(cpuShare.usual, cpuShare.lost) > CHOSEN.cpuShareMax) throw new Error('a node has too much to do')
  if (engines < enginesIfEven) throw new Error(`${engines} nodes are fewer than the ${enginesIfEven} that it takes`)
  const cores = spaces.reduce((sum, space) => sum + cpuShareOf(space, demand), 0)
  const served = cores * (1 - installation.outgrownShare)
  if (served > CHOSEN.cpuShareMax * engines) throw new Error('nodes do more than they can')
  if (demand.hasStandbys) {
    const without = installationFor({ ...demand, hasStandbys: false })
    expectNear(installation.bytes, 2 * without.bytes, 'the memory of two copies')
    if (installation.takeoverSeconds > without.takeoverSeconds) throw new Error('a standby is slower than none')
  }
  return installation
}

function expectNear(found: number, expected: number, name: string): void {
  if (Math.abs(found - expected) > expected * 1e-9) throw new Error(`${name}: ${found} of ${expected}`)
}

function reportInstallation(name: string, installation: Installation): void {
  const { engines, enginesIfEven, edges, workers, shards, redisCores, outgrown, outgrownShare } = installation
  const rows: readonly (readonly [unit: string, value: number])[] = [
    ['engines', engines],
    ['engines, if even', enginesIfEven],
    ['edges', edges],
    ['workers', workers],
    ['shards of Redis', shards],
    ['Redis cores at most', redisCores.most],
    ['Redis cores at least', redisCores.least],
    ['Redis commands/s at most', installation.redisCommands],
    ['GiB of all nodes', installation.bytes / GIB],
    ['spaces beyond a core', outgrown],
    ['% of calls in these', outgrownShare * 100],
    ['s of a takeover', installation.takeoverSeconds],
  ]
  for (const [unit, value] of rows) report({ bench: 'scale-model', case: name, result: spreadOf([value]), unit })
}

/** Computes a curve; throws if more takes less, beyond what is due to where spaces happen to lie. */
function curve<X>(xs: readonly X[], valueOf: (x: X) => number): Spread[] {
  const values = xs.map(valueOf)
  if (values.some((value, index) => value < (values[index - 1] ?? 0) * (1 - FALL_MAX)))
    throw new Error(`${values.join()} falls`)
  return values.map((value) => spreadOf([value]))
}

function chartOfCalls(): Chart {
  const installations = new Map(
    [0, 0.8].map((skew) => [skew, CALLS.map((callsPerSecond) => checked({ ...GOAL, callsPerSecond, skew }))]),
  )
  const line = (label: string, skew: number, valueOf: (installation: Installation) => number) => ({
    label,
    points: pointsOf(CALLS, curve(installations.get(skew)!, valueOf)),
  })
  return {
    name: 'scale-calls',
    title: 'How many nodes do calls take, of a billion profiles in 1,000 spaces?',
    x: 'calls a second',
    panels: [
      {
        y: 'nodes, all spaces alike',
        isLog: true,
        lines: [line('as they are placed', 0, ({ engines }) => engines)],
      },
      {
        y: 'nodes, skew 0.8',
        isLog: true,
        lines: [
          line('as they are placed', 0.8, ({ engines }) => engines),
          line('if placed evenly', 0.8, ({ enginesIfEven }) => enginesIfEven),
        ],
      },
      {
        y: '% of calls, skew 0.8',
        lines: [line('in spaces beyond a core', 0.8, ({ outgrownShare }) => outgrownShare * 100)],
      },
    ],
  }
}

function chartOfProfiles(): Chart {
  const line = (label: string, hasStandbys: boolean) => ({
    label,
    points: pointsOf(
      PROFILES,
      curve(PROFILES, (profiles) => checked({ ...GOAL, callsPerSecond: FEW_CALLS, profiles, hasStandbys }).engines),
    ),
  })
  return {
    name: 'scale-profiles',
    title: 'How many nodes of 64 GiB do profiles take, at 30,000 calls a second?',
    x: 'profiles',
    panels: [{ y: 'nodes', isLog: true, lines: [line('without standbys', false), line('with standbys', true)] }],
  }
}

/** Spaces whose largest is more than a node's even share are not held to be even. */
function chartOfImbalance(): Chart {
  const { spaces: count, nodes, max, seeds } = IMBALANCE
  const spreads = IMBALANCE_SKEWS.map((skew) => {
    const demand = { ...GOAL, callsPerSecond: 20_000, profiles: 20e6, spaces: count, skew }
    const spaces = spacesOf(demand)
    const [usual, lost] = [[] as number[], [] as number[]]
    for (let seed = 1; seed <= seeds; seed++) {
      const placed = placeAll(spaces, nodes, seed)
      const left = loseOne(placed, spaces)
      for (const [found, one] of [
        [usual, placed],
        [lost, left],
      ] as const) {
        const loads = one.nodes.map(loadOf)
        const total = loads.reduce((sum, load) => sum + load, 0)
        const weights = Array.from(spaces.values(), weightOf)
        expectNear(
          total,
          weights.reduce((sum, weight) => sum + weight, 0),
          'the load',
        )
        const isHeld = Math.max(...weights) <= total / nodes
        const imbalance = imbalanceOf(loads)
        if (isHeld && imbalance > max) throw new Error(`skew ${skew}, seed ${seed}: ${imbalance} of even`)
        found.push(imbalance)
      }
    }
    return { usual: spreadOf(usual), lost: spreadOf(lost) }
  })
  const points = (pick: (spread: (typeof spreads)[number]) => Spread) => pointsOf(IMBALANCE_SKEWS, spreads.map(pick))
  for (const [index, { usual, lost }] of spreads.entries()) {
    const name = `200 spaces, skew ${IMBALANCE_SKEWS[index]}`
    const target = { text: '≤ 1.2', isMet: Math.max(usual.max, lost.max) <= max }
    report({ bench: 'scale-model', case: `${name}, three nodes`, result: usual, unit: 'of even', target })
    report({ bench: 'scale-model', case: `${name}, one of them lost`, result: lost, unit: 'of even', target })
  }
  return {
    name: 'scale-imbalance',
    title: 'How even are 200 spaces on three nodes?',
    x: 'skew (the exponent of a Zipf distribution)',
    isXLinear: true,
    panels: [
      {
        y: 'most loaded node, by the mean',
        lines: [
          { label: 'three nodes', points: points(({ usual }) => usual) },
          { label: 'when one has been lost', points: points(({ lost }) => lost) },
        ],
      },
    ],
  }
}
