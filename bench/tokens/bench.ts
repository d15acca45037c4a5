/**
 * Question: does the time that a wrong token takes tell how much of it is right?
 *   npm run bench -- tokens        TOKENS_REQUESTS=20000 npm run bench -- tokens
 *
 * Workload: authorizations with wrong tokens, in random order: half of them are right but for their last four
 * characters, half of them wrong from the first, of the same length, a thousand of each. Each is looked up by `Access`,
 * beside 100 tokens of a space. The result is Welch's t between the two halves; below 2.58 they do not differ at p <
 * 0.01. Of the times, the slowest twentieth is left out: collections, and other processes. The baseline compares the
 * token character by character, and must be told apart by the same test. Checked: no wrong token has rights, the right
 * one has.
 *
 * It does not show: HTTP and the network, which add more noise to both halves.
 */
import { randomBytes } from 'node:crypto'
import { Access, borneToken, digestOf } from '../../src/http/access.ts'
import type { SpaceToken } from '../../src/model/role.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { quantile, spreadOf } from '../harness/spread.ts'

const REQUESTS = setting('TOKENS_REQUESTS', 100_000)
const RUNS = setting('BENCH_RUNS', 5)
const TOKENS = 100
/** Wrong tokens of each half. */
const KINDS = 1_000
/** Last characters in which nearly right tokens are wrong. */
const TAIL = 4
const SLOWEST = 0.05
/** Beyond this |t|, p < 0.01 of two sides; as of many samples. */
const T_MAX = 2.58

/** Tells if an authorization has rights. */
type Check = (authorization: string) => boolean

const secret = randomBytes(32).toString('hex')
const right = `Bearer ${secret}`
/** Many of each kind, as where a digest lies in a table has a time of its own. */
const nearly = authorizations(() => secret.slice(0, -TAIL) + otherThan(secret.slice(-TAIL)))
const wrong = authorizations(() => otherThan(secret.slice(0, TAIL)) + randomBytes(32).toString('hex').slice(TAIL))

/** Made alike, so that the engine keeps them alike. */
function authorizations(make: () => string): readonly string[] {
  return Array.from({ length: KINDS }, () => Buffer.from(`Bearer ${make()}`).toString('latin1'))
}

/** Returns as many other digits. */
function otherThan(digits: string): string {
  for (;;) {
    const others = randomBytes(digits.length).toString('hex').slice(0, digits.length)
    if (others !== digits && others[0] !== digits[0]) return others
  }
}

function ours(): Check {
  const tokens = new Map<string, SpaceToken>()
  for (const token of [secret, ...Array.from({ length: TOKENS - 1 }, () => randomBytes(32).toString('hex'))])
    tokens.set(digestOf(token), { id: `tok_${tokens.size}`, role: 'viewer' })
  const space = { id: 'bench', tokenOf: (digest: string) => tokens.get(digest) }
  const access = new Access({ installation: new Map(), given: undefined, spaces: () => [space] })
  return (authorization) => access.grantOf(borneToken(authorization)) !== undefined
}

const byCharacters: Check = (authorization) => {
  const token = borneToken(authorization) ?? ''
  if (token.length !== secret.length) return false
  for (let at = 0; at < secret.length; at++) if (token.charCodeAt(at) !== secret.charCodeAt(at)) return false
  return true
}

/** Returns Welch's t between the times of nearly right tokens and wrong ones. */
function differenceOf(check: Check, seed: number): number {
  if (!check(right)) throw new Error('the right token has no rights')
  const random = new Random(seed)
  const times: [number[], number[]] = [[], []]
  for (let request = 0; request < REQUESTS; request++) {
    const half = random.below(2)
    const authorization = (half === 0 ? nearly : wrong)[random.below(KINDS)]!
    const start = process.hrtime.bigint()
    const isRight = check(authorization)
    const end = process.hrtime.bigint()
    if (isRight) throw new Error('a wrong token has rights')
    times[half]!.push(Number(end - start))
  }
  const limit = quantile(
    times.flat().sort((a, b) => a - b),
    1 - SLOWEST,
  )
  const [a, b] = times.map((half) => momentsOf(half.filter((time) => time <= limit)))
  return Math.abs(a!.mean - b!.mean) / Math.sqrt(a!.variance / a!.count + b!.variance / b!.count)
}

function momentsOf(values: readonly number[]): { count: number; mean: number; variance: number } {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  return { count, mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1) }
}

const check = ours()
const found: { ours: number[]; byCharacters: number[] } = { ours: [], byCharacters: [] }
// The first run of each is of code that is being compiled.
for (let run = 0; run <= RUNS; run++) {
  const [own, baseline] = [differenceOf(check, run), differenceOf(byCharacters, run)]
  if (run === 0) continue
  found.ours.push(own)
  found.byCharacters.push(baseline)
}
const [result, baseline] = [spreadOf(found.ours), spreadOf(found.byCharacters).median]
if (baseline < T_MAX) throw new Error(`the test does not tell the baseline apart: t is ${baseline}`)
report({
  bench: 'tokens',
  case: `${REQUESTS} wrong tokens`,
  result,
  unit: '|t|',
  baseline: { name: 'by characters', value: baseline },
  ratio: result.median / baseline,
  target: { text: `< ${T_MAX}`, isMet: result.median < T_MAX },
})
