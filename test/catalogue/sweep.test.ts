/**
 * All tools that are offered, with invented settings, against a server that answers all of them alike. Two passes show
 * what is kept for good. `npm run catalogue:sweep` prints what came of each.
 */
import { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { catalogueEntries } from '../../destinations/catalogue/catalogue.ts'
import { eventually } from '../support/eventually.ts'
import { isCatalogueThere, SKIPPED } from './installed.ts'
import { ANSWER, sweep, type SweptTool } from './sweep.ts'
import { Vendors } from './vendors.ts'

const isThere = isCatalogueThere()
if (!isThere) console.warn(SKIPPED)

/** Tools of which at least one request is sent: of 214, as many as at the least. */
const SENDING_MIN = 150
const GROWTH_MAX = 1.2

const entries = catalogueEntries().filter(({ availability }) => availability === 'offered')
const vendors = new Vendors()
const connect = Reflect.get(Socket.prototype, 'connect') as (...parameters: unknown[]) => Socket
/** Peers that a definition would have connected to by itself. */
const peers: string[] = []
const faults: unknown[] = []
const onFault = (fault: unknown): unknown => faults.push(fault)

let first: SweptTool[] = []
let heapAfterFirst = 0
let handlesAfterFirst: string[] = []

async function sweepAll(): Promise<SweptTool[]> {
  const swept: SweptTool[] = []
  for (const entry of entries) swept.push(await sweep(entry, vendors))
  return swept
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

/** The kinds of what keeps the process alive, but for timers, which come and go. */
function handles(): string[] {
  vendors.disconnect()
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== 'Timeout')
    .sort()
}

function isLoopback([first]: readonly unknown[]): boolean {
  const [options] = Array.isArray(first) ? (first as unknown[]) : [first]
  return typeof options === 'object' && options !== null && 'host' in options && options.host === '127.0.0.1'
}

beforeAll(async () => {
  if (!isThere) return
  await vendors.open()
  vendors.answer = () => ANSWER
  Socket.prototype.connect = function (this: Socket, ...parameters: unknown[]): Socket {
    if (isLoopback(parameters)) return connect.apply(this, parameters)
    peers.push(JSON.stringify(parameters[0]))
    process.nextTick(() => this.destroy(new Error('no socket was expected')))
    return this
  }
  process.on('uncaughtException', onFault).on('unhandledRejection', onFault)
  first = await sweepAll()
  heapAfterFirst = heapUsed()
  await eventually(() => expect(handles()).not.toContain('TCPSocketWrap'))
  handlesAfterFirst = handles()
})

afterAll(async () => {
  process.off('uncaughtException', onFault).off('unhandledRejection', onFault)
  Socket.prototype.connect = connect
  if (isThere) await vendors.close()
})

describe.skipIf(!isThere)('the tools that are offered', () => {
  it(`send requests: at least ${SENDING_MIN} of them`, () => {
    const sending = first.filter(({ requests }) => requests > 0)
    if (process.env['CATALOGUE_SWEEP'] === 'print') console.log(first.map(lineOf).join('\n'))
    console.info(`${sending.length} of ${entries.length} tools that are offered have sent at least one request`)
    expect(first).toHaveLength(entries.length)
    expect(sending.length).toBeGreaterThanOrEqual(SENDING_MIN)
  })

  it('all send, where calls have an action by default', () => {
    const silent = first.filter(({ hasDefaults, requests }) => hasDefaults && requests === 0)
    expect(silent.map(lineOf)).toEqual([])
  })

  it('hang on no answer, and fail by no fault of ours', () => {
    const faulty = first.filter(({ outcomes }) =>
      Object.values(outcomes).some((outcome) =>
        /timeout|internal_error|unknown_action|catalogue_missing/.test(outcome),
      ),
    )
    expect(faulty.map(lineOf)).toEqual([])
  })

  it('do the same a second time, and keep nothing', async () => {
    // Some make fewer requests, with a token that they have kept.
    const outcomesOf = ({ slug, outcomes }: SweptTool): object => ({ slug, outcomes })
    expect((await sweepAll()).map(outcomesOf)).toEqual(first.map(outcomesOf))
    expect(heapUsed()).toBeLessThan(heapAfterFirst * GROWTH_MAX)
    await eventually(() => expect(handles()).toEqual(handlesAfterFirst))
  })

  it('throw nothing outside of their promises, and open no other socket', () => {
    expect(faults).toEqual([])
    expect(peers).toEqual([])
  })
})

function lineOf({ slug, outcomes, words, requests }: SweptTool): string {
  const found = Object.entries(outcomes).map(([name, outcome]) => `${name}: ${outcome}`)
  return [`${slug} (${requests} requests)`, ...found, ...words.map((text) => `"${text}"`)].join(', ')
}
