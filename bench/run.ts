/**
 * Runs the benches, each in a process of its own, and prints one table.
 *   npm run bench [-- name …]       BENCH_RUNS=3 npm run bench -- engine plan
 * A bench that throws has no rows, the others go on, and the exit code is 1.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { describeMachine } from './harness/machine.ts'
import type { Row } from './harness/row.ts'
import { formatTable } from './harness/table.ts'

const BENCHES = [
  'engine',
  'plan',
  'rest',
  'hot',
  'memory',
  'expiry',
  'ingest',
  'traits',
  'visible',
  'checkpoint',
  'preview',
  'definitions',
  'export',
  'download',
  'recovery',
  'deliveries',
  'catalogue',
  'slowloris',
  'spaces',
  'tokens',
  'edges',
  'takeover',
  'commands',
  'peers',
]
/** Run only if they are named, as they write files. */
const ON_REQUEST = ['plots', 'scale-model']
const ALL = [...BENCHES, ...ON_REQUEST]

const chosen = process.argv.length > 2 ? process.argv.slice(2) : BENCHES
const unknown = chosen.filter((name) => !ALL.includes(name))
if (unknown.length > 0) throw new Error(`expected names among ${ALL.join(', ')}, got ${unknown.join(', ')}`)

const rows: Row[] = []
for (const name of chosen) {
  process.stderr.write(`${name} …\n`)
  if (await runBench(name)) continue
  process.stderr.write(`${name}: failed\n`)
  process.exitCode = 1
}
process.stdout.write(`${formatTable(rows)}\n${describeMachine()}\n`)

/** True if the bench came to its end. */
async function runBench(name: string): Promise<boolean> {
  const child = fork(new URL(`./${name}/bench.js`, import.meta.url), { execArgv: ['--expose-gc'] })
  child.on('message', (row) => rows.push(row as Row))
  const [code] = (await once(child, 'close')) as [number | null]
  return code === 0
}
