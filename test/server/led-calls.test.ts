/** Calls that an edge leads on, with engines in memory and virtual time. */
import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import type { TakeCalls } from '../../src/ingest/calls.ts'
import type { CallsToTake } from '../../src/link/messages.ts'
import type { LinkLimits, LinkOutcome } from '../../src/link/link.ts'
import { unpackCalls } from '../../src/link/packed-calls.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { RejectedCall } from '../../src/model/read-request.ts'
import { type CallsPlace, LedCalls } from '../../src/server/led-calls.ts'
import { until } from '../support/eventually.ts'
import { basic, VirtualTime } from '../support/server.ts'

const HOLD_MS = 1_000
const KEY = basic('key:')

/** An engine in memory. */
class Engine {
  readonly sent: CallsToTake[] = []
  readonly answers: ((sent: LinkOutcome) => void)[] = []
  full: EngineError | undefined

  refusal(): EngineError | undefined {
    return this.full
  }

  send(calls: CallsToTake): { sent: Promise<LinkOutcome>; abandon: () => void } {
    this.sent.push(calls)
    let answer!: (sent: LinkOutcome) => void
    const sent = new Promise<LinkOutcome>((resolve) => (answer = resolve))
    this.answers.push(answer)
    return { sent, abandon: () => answer({ kind: 'lost' }) }
  }
}

let time: VirtualTime
let engine: Engine
let place: CallsPlace
let keys: (string | undefined)[]
let here: string[]
let refreshes: number
let wake: () => void
let answered: unknown[]

beforeEach(() => {
  time = new VirtualTime(0)
  engine = new Engine()
  place = engine
  ;[keys, here, refreshes, answered] = [[], [], 0, []]
  wake = () => undefined
})

function newEdge(limits?: LinkLimits): TakeCalls {
  return new LedCalls({
    aimAt: (key) => {
      keys.push(key)
      return { find: () => place, spaceId: () => 'space1' }
    },
    takeHere: (_endpoint, body) => {
      here.push(body.toString())
      return Promise.resolve([])
    },
    holdMs: HOLD_MS,
    changed: () => new Promise((resolve) => (wake = resolve)),
    refresh: () => {
      refreshes++
      return Promise.resolve()
    },
    now: time.clock,
    timer: time.timer,
    ...(limits && { limits }),
    onAnswered: (came) => answered.push(came),
  }).take
}

interface Outcome {
  readonly taken: Promise<readonly RejectedCall[]>
  readonly came: { authorization: string | undefined; spaceId: string | undefined; isGone: boolean }
}

interface TakeOptions {
  readonly edge?: TakeCalls
  readonly endpoint?: string
  /** Null: the request has none. */
  readonly key?: string | null
}

function take(body: unknown, { edge = newEdge(), endpoint = 'track', key = KEY }: TakeOptions = {}): Outcome {
  const came = { authorization: key ?? undefined, spaceId: undefined, isGone: false }
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const taken = edge(endpoint as 'track', bytes, came)
  taken.catch(() => undefined)
  return { taken, came }
}

/** Turns time as soon as something waits, until the calls are taken or refused. */
async function held<Result>(taken: Promise<Result>): Promise<Result> {
  let isOver = false
  const end = (): boolean => (isOver = true)
  taken.then(end, end)
  await until(() => {
    const [timer] = [...time.timers]
    if (timer && !isOver) time.moveTo(timer.at)
    return isOver
  })
  return taken
}

const CALL = { userId: 'u1', event: 'Order', messageId: 'm1' }
const LOST: LinkOutcome = { kind: 'lost' }
const TAKEN: LinkOutcome = { kind: 'taken', rejected: [] }
const UNAVAILABLE: LinkOutcome = {
  kind: 'refused',
  error: new EngineError('unavailable', 'The journal cannot be reached'),
}

describe('calls', () => {
  it('are read here, and taken by the engine that has their space', async () => {
    const { taken, came } = take(CALL)
    await until(() => engine.answers.length === 1)
    const [{ packed, writeKey, spaceId, endpoint }] = engine.sent as [CallsToTake]
    expect([endpoint, spaceId, writeKey, keys]).toEqual(['track', 'space1', 'key', ['key']])
    expect(unpackCalls(packed!)).toMatchObject([{ type: 'track', event: 'Order', messageId: 'm1' }])
    engine.answers[0]!(TAKEN)
    expect(await taken).toEqual([])
    expect([came.spaceId, answered]).toEqual(['space1', [came]])
  })

  it('are for the key in their body if the request has none', async () => {
    void take({ ...CALL, writeKey: 'in the body' }, { key: null })
    void take(CALL, { key: null })
    await until(() => engine.sent.length === 2)
    expect(keys).toEqual(['in the body', undefined])
    expect(engine.sent.map(({ writeKey }) => writeKey)).toEqual(['in the body', undefined])
  })

  it.each([
    ['a call that is refused', 'track', { event: 'Order' }],
    ['a batch of which one is refused', 'batch', { batch: [{ type: 'track', ...CALL }, { type: 'none' }] }],
    ['no batch', 'batch', { batch: 1 }],
    ['what cannot be packed', 'track', { ...CALL, properties: { constructor: 1 } }],
    ['what takes much more room when it is packed', 'batch', large()],
  ])('are read by the engine: %s', async (_what, endpoint, body) => {
    void take(body, { endpoint })
    await until(() => engine.sent.length === 1)
    expect(engine.sent[0]!.packed).toBeUndefined()
  })

  it('that are no JSON are refused here', async () => {
    await expect(take('{').taken).rejects.toMatchObject({ code: 'invalid_json' })
    expect([engine.sent, answered]).toEqual([[], []])
  })

  it('are taken here if their space is here by now', async () => {
    place = 'here'
    expect(await take(CALL).taken).toEqual([])
    expect(here).toEqual([JSON.stringify(CALL)])
  })

  it('are refused as the engine refuses them', async () => {
    const { taken } = take(CALL)
    await until(() => engine.answers.length === 1)
    engine.answers[0]!({ kind: 'refused', error: new EngineError('rate_limit_error', 'Too many') })
    await expect(taken).rejects.toMatchObject({ status: 429 })
    expect(engine.sent).toHaveLength(1)
  })
})

/** A context in common that each call has fields of its own beside. */
function large(): object {
  const call = { type: 'track', ...CALL, context: { ip: '127.0.0.1' } }
  return { batch: Array.from({ length: 20 }, () => call), context: { text: 'x'.repeat(10_000) } }
}

describe('calls are held', () => {
  it('while nobody has their space, and then refused', async () => {
    place = 'nowhere'
    await expect(held(take(CALL).taken)).rejects.toMatchObject({ code: 'unavailable' })
    expect(time.now).toBe(HOLD_MS)
  })

  it('until somebody has it', async () => {
    place = 'nowhere'
    const { taken } = take(CALL)
    await until(() => time.timers.size === 1)
    place = engine
    wake()
    await until(() => engine.answers.length === 1)
    engine.answers[0]!(TAKEN)
    expect(await taken).toEqual([])
  })

  it.each<LinkOutcome['kind']>(['misdirected', 'not sent'])(
    'and sent again if they are %s, with an id or without',
    async (kind) => {
      const { taken } = take({ ...CALL, messageId: undefined })
      await until(() => engine.answers.length === 1)
      engine.answers[0]!({ kind } as LinkOutcome)
      await until(() => time.timers.size === 1)
      time.moveTo(50)
      await until(() => engine.answers.length === 2)
      engine.answers[1]!(TAKEN)
      expect([await taken, refreshes]).toEqual([[], 1])
    },
  )

  it.each([
    ['lost', LOST],
    ['refused for a reason that passes', UNAVAILABLE],
  ])('and sent again if they are %s, and each has an id', async (_how, sent) => {
    const { taken } = take({ batch: [{ type: 'track', ...CALL }] }, { endpoint: 'batch' })
    await until(() => engine.answers.length === 1)
    engine.answers[0]!(sent)
    await until(() => time.timers.size === 1)
    time.moveTo(50)
    await until(() => engine.answers.length === 2)
    engine.answers[1]!(TAKEN)
    expect(await taken).toEqual([])
  })

  it.each([
    ['lost', LOST, 'on its way'],
    ['refused', UNAVAILABLE, 'journal'],
  ])('no more if they are %s, and one has no id', async (_how, sent, why) => {
    const batch = [
      { type: 'track', ...CALL },
      { type: 'track', userId: 'u1', event: 'Order' },
    ]
    const { taken } = take({ batch }, { endpoint: 'batch' })
    await until(() => engine.answers.length === 1)
    engine.answers[0]!(sent)
    await expect(taken).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(why) as string })
    expect([engine.sent.length, time.timers.size]).toEqual([1, 0])
  })

  it('no longer by an engine that stands still, once another has their space', async () => {
    const { taken } = take(CALL)
    await until(() => engine.answers.length === 1)
    wake()
    await turn()
    expect(engine.sent).toHaveLength(1)
    const other = (place = new Engine())
    wake()
    await until(() => time.timers.size === 1)
    time.moveTo(50)
    await until(() => other.answers.length === 1)
    other.answers[0]!(TAKEN)
    expect(await taken).toEqual([])
  })

  it('for nobody whose client has gone', async () => {
    place = 'nowhere'
    const { taken, came } = take(CALL)
    await until(() => time.timers.size === 1)
    came.isGone = true
    place = engine
    wake()
    await expect(taken).rejects.toMatchObject({ code: 'unavailable' })
    expect(engine.sent).toEqual([])
  })
})

describe('an edge', () => {
  it('refuses at once, without a look at the body, what the engine has no room for', async () => {
    engine.full = new EngineError('rate_limit_error', 'Too many')
    await expect(take('{').taken).rejects.toMatchObject({ status: 429 })
  })

  it('refuses what is more than it may have under way or hold, until there is room', async () => {
    const edge = newEdge({ requestsMax: 2, bytesMax: 1_000 })
    place = 'nowhere'
    const first = take(CALL, { edge })
    void take(CALL, { edge })
    await expect(take(CALL, { edge }).taken).rejects.toMatchObject({ status: 429 })
    await held(first.taken.catch(() => undefined))
    place = engine
    void take(CALL, { edge })
    await expect(take({ ...CALL, properties: { text: 'x'.repeat(1_000) } }, { edge }).taken).rejects.toMatchObject({
      status: 429,
    })
    await until(() => engine.sent.length === 1)
  })
})
