/**
 * Question: what does an event cost of a user who has a million of them in a window of ninety days?
 *   npm run bench -- hot        HOT_EVENTS=100000 npm run bench -- hot
 *
 * Workload: five definitions over ninety days, a count, a sum, a number of distinct values, and a funnel twice, as an
 * audience and as the number of its parents; the events of a user have no bound. One user has a million events, evenly
 * over eighty-nine days; a thousand others have ten each. Then events come in chunks, of the one and of the others in
 * turn, and each chunk is timed by itself. Checked: the values of everybody at the end, computed anew from what was
 * sent; and again when half of the window of the one has closed.
 *
 * It does not show: HTTP and the journal; a checkpoint of such a user; a sum over a funnel, whose parents are added up
 * anew when one of them changes.
 */
import { Shard } from '../../actors/engine/shard.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { Transition } from '../../src/model/transition.ts'
import { formatInstant, UNITS } from '../../src/model/time.ts'
import { entryOf } from '../harness/calls.ts'
import { Stopwatch } from '../harness/cost.ts'
import { Random } from '../harness/random.ts'
import { report } from '../harness/row.ts'
import { setting } from '../harness/setting.ts'
import { spreadOf } from '../harness/spread.ts'

const EVENTS = setting('HOT_EVENTS', 1_000_000)
const OTHERS = 1_000
const OTHERS_EVENTS = 10
const CHUNK = 1_000
/** For each kind of user. The first does not count, as the code is compiled meanwhile. */
const CHUNKS = 31
const TARGET = 5
const START = Date.UTC(2026, 0, 1)
const WINDOW_MS = 90 * UNITS.day
const PRODUCTS = 10_000
/** One event of so many is an order. */
const EVENTS_PER_ORDER = 10

const VIEWED = `event('Viewed').within(90 days)`
const FUNNEL = `event('Viewed').where(event('Ordered').within(parent: 1 hour).count() >= 1).within(90 days).count()`
const DEFINITIONS: readonly DefinitionSource[] = [
  trait('views', `${VIEWED}.count()`),
  trait('spent', `${VIEWED}.sum(property('n'))`),
  trait('products', `${VIEWED}.unique(property('product')).count()`),
  trait('views_bought', FUNNEL),
  { kind: 'audience', key: 'bought', type: 'USERS', query: `${FUNNEL} >= 1` },
]

function trait(key: string, query: string): DefinitionSource {
  return { kind: 'computed_trait', key, type: 'USERS', query }
}

/** An event that was sent. */
interface Sent {
  readonly at: number
  /** 0 for an order. */
  readonly n: number
  readonly product: number
}

/** The users of the bench, each with what it has sent: the first is the busy one. */
const sent: Sent[][] = Array.from({ length: 1 + OTHERS }, () => [])
const values = new Map<string, JsonValue>()
const random = new Random(20_260_112)
const shard = new Shard({ definitions: DEFINITIONS, memory: LARGE_MEMORY })
let calls = 0

/** Makes the call of an event of a user, and remembers it. */
function callOf(user: number, at: number): CallsEntry<RawCall> {
  const isOrder = random.below(EVENTS_PER_ORDER) === 0
  const event = { at, n: isOrder ? 0 : 1 + random.below(100), product: random.below(PRODUCTS) }
  sent[user]!.push(event)
  const properties = isOrder ? {} : { n: event.n, product: `p-${event.product}` }
  const common = { type: 'track', messageId: `call-${calls++}`, timestamp: formatInstant(at), userId: `user-${user}` }
  return entryOf({ ...common, event: isOrder ? 'Ordered' : 'Viewed', properties }, at)
}

/** Returns what the calls cost, µs of CPU each. */
function apply(entries: readonly CallsEntry<RawCall>[]): number {
  const stopwatch = new Stopwatch()
  const results = []
  stopwatch.start()
  for (const entry of entries) results.push(shard.apply(entry))
  stopwatch.stop()
  for (const { outcomes, transitions } of results) {
    if (outcomes[0]?.kind !== 'applied') throw new Error('a call was not applied')
    note(transitions)
  }
  return (stopwatch.cost.cpuMs * 1000) / entries.length
}

function note(transitions: readonly Transition[]): void {
  for (const { profile, key, type, value } of transitions)
    values.set(`${profile} ${key}`, type === 'trait' ? value! : Number(type === 'entered'))
}

/** Moves the clock on, and checks all values. */
function checkAt(instant: number): void {
  note(shard.apply({ kind: 'tick', receivedAt: instant }).transitions)
  for (const [user, events] of sent.entries())
    for (const [key, expected] of Object.entries(expectedOf(events, instant))) {
      const found = values.get(`user_id:user-${user} ${key}`) ?? 0
      if (found !== expected) throw new Error(`user ${user}: ${key} is ${JSON.stringify(found)}, not ${expected}`)
    }
}

/** Computes all values anew. */
function expectedOf(events: readonly Sent[], instant: number): Record<string, number> {
  const orders = events.filter(({ n }) => n === 0).map(({ at }) => at)
  let [views, spent, bought, next] = [0, 0, 0, 0]
  const products = new Set<number>()
  for (const { at, n, product } of events) {
    if (n === 0 || at <= instant - 1 - WINDOW_MS) continue
    while (next < orders.length && orders[next]! < at) next++
    views++
    spent += n
    products.add(product)
    if (next < orders.length && orders[next]! <= at + UNITS.hour) bought++
  }
  return { views, spent, products: products.size, views_bought: bought, bought: Number(bought > 0) }
}

/** Chunks of calls, one of each kind in turn, from an instant on; @returns the cost of each. */
function measure(begin: number): { readonly hot: number[]; readonly others: number[]; readonly end: number } {
  const [hot, others]: [number[], number[]] = [[], []]
  let at = begin
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    hot.push(apply(Array.from({ length: CHUNK }, () => callOf(0, (at += 50)))))
    others.push(apply(Array.from({ length: CHUNK }, (_, index) => callOf(1 + (index % OTHERS), (at += 50)))))
  }
  return { hot: hot.slice(1), others: others.slice(1), end: at }
}

const spacingMs = (89 * UNITS.day) / EVENTS
const every = Math.floor(EVENTS / OTHERS / OTHERS_EVENTS)
for (let event = 0; event < EVENTS; event += CHUNK) {
  const entries = []
  for (let place = event; place < Math.min(EVENTS, event + CHUNK); place++) {
    const at = START + Math.floor(place * spacingMs)
    entries.push(callOf(0, at))
    if (place % every === 0) entries.push(callOf(1 + (Math.floor(place / every) % OTHERS), at + 1))
  }
  apply(entries)
}
const { hot, others, end } = measure(START + 89 * UNITS.day)
checkAt(end + 1)
const result = spreadOf(hot)
const value = spreadOf(others).median
const ratio = result.median / value
report({
  bench: 'hot',
  case: `${EVENTS} events in the window`,
  result,
  unit: 'µs/call',
  baseline: { name: `${OTHERS_EVENTS} to ${OTHERS_EVENTS + CHUNKS} events`, value },
  ratio,
  target: { text: `≤ ${TARGET} ×`, isMet: ratio <= TARGET },
})
checkAt(START + WINDOW_MS + 45 * UNITS.day)
