/** Both ends of a link, over a connection in memory. */
import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { FRAME, frameOf } from '../../src/link/frames.ts'
import { Link, type LinkLimits, type LinkOutcome } from '../../src/link/link.ts'
import { LinkServer } from '../../src/link/link-server.ts'
import type { LinkCalls, CallsAnswer, CallsToTake } from '../../src/link/messages.ts'
import { packCalls } from '../../src/link/packed-calls.ts'
import { proofOf } from '../../src/link/secret.ts'
import { EngineError } from '../../src/model/errors.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import { until } from '../support/eventually.ts'
import { duplexPair } from '../support/duplex-pair.ts'
import { VirtualTime } from '../support/server.ts'

const SECRET = 'the secret of this cluster'
const NONCES = { edge: 'a', engine: 'b' }
const LIMITS: LinkLimits = { requestsMax: 3, bytesMax: 1_000 }
const TAKEN: CallsAnswer = { kind: 'taken', rejected: [] }

interface Arrived {
  readonly calls: LinkCalls
  readonly answer: (answer: CallsAnswer) => void
}

let time: VirtualTime
let arrived: Arrived[]
let troubles: unknown[]
let server: LinkServer
/** The two ends of the connection that was opened last. */
let ends: ReturnType<typeof duplexPair>
/** Connections that were opened. */
let opened: number
let secretOfEdge: string
let readsAlike: boolean
let isReachable: boolean

beforeEach(() => {
  time = new VirtualTime(0)
  ;[arrived, troubles, opened, secretOfEdge, readsAlike, isReachable] = [[], [], 0, SECRET, true, true]
  server = newServer()
})

function newServer(limits?: LinkLimits): LinkServer {
  return new LinkServer({
    secret: SECRET,
    take: (calls) => new Promise((answer) => arrived.push({ calls, answer })),
    afterTurn: setImmediate,
    timer: time.timer,
    ...(limits && { limits }),
    onTrouble: (cause) => troubles.push(cause),
  })
}

function newLink(limits?: LinkLimits): Link {
  const open = () => {
    opened++
    if (!isReachable) return Promise.reject(new Error('nobody listens'))
    ends = duplexPair()
    server.accept(ends[1], NONCES)
    ends[0].write(frameOf(FRAME.proof, 0, proofOf('edge', secretOfEdge, NONCES)))
    return Promise.resolve({ socket: ends[0], readsAlike })
  }
  return new Link({ open, afterTurn: setImmediate, ...(limits && { limits }) })
}

function calls(name: string, more: Partial<CallsToTake> = {}): CallsToTake {
  const body = Buffer.from(JSON.stringify({ userId: 'u1', event: name, messageId: name }))
  const packed = packCalls(readRequest('track', parseBody(body)).calls.map(({ call }) => call))
  return { endpoint: 'track', spaceId: 'space1', writeKey: 'key', body, packed, traceparent: undefined, ...more }
}

async function arrive(count: number): Promise<void> {
  await until(() => arrived.length === count)
}

describe('calls that are sent', () => {
  it('arrive as they are, with what was read of them', async () => {
    void newLink().send(calls('Order', { traceparent: '00-1-2-03' })).sent
    await arrive(1)
    const [{ calls: came }] = arrived as [Arrived]
    expect(came).toMatchObject({ endpoint: 'track', spaceId: 'space1', writeKey: 'key', traceparent: '00-1-2-03' })
    expect(came.body.toString()).toBe('{"userId":"u1","event":"Order","messageId":"Order"}')
    expect(came.read?.()).toEqual(readRequest('track', parseBody(came.body)).calls)
  })

  it('may have no key, no reading and a large body', async () => {
    const body = Buffer.alloc(500_000, 'x')
    void newLink().send(calls('a', { body, packed: undefined, writeKey: undefined, spaceId: undefined })).sent
    await arrive(1)
    expect(arrived[0]!.calls).toEqual({
      endpoint: 'track',
      spaceId: undefined,
      writeKey: undefined,
      body: arrived[0]!.calls.body,
      read: undefined,
      traceparent: undefined,
    })
    expect(arrived[0]!.calls.body.equals(body)).toBe(true)
  })

  it('arrive without a reading at an engine that reads otherwise', async () => {
    readsAlike = false
    void newLink().send(calls('Order')).sent
    await arrive(1)
    expect(arrived[0]!.calls.read).toBeUndefined()
  })

  it('are answered each with its own answer, in whatever order', async () => {
    const link = newLink()
    const error = new EngineError('event_not_string', 'event: expected text', 'event')
    const sent = ['a', 'b', 'c', 'd'].map((name) => link.send(calls(name)).sent)
    await arrive(4)
    const rejected = [{ index: 3, code: 'unknown_type', message: 'type' } as const]
    arrived[3]!.answer({ kind: 'misdirected' })
    arrived[1]!.answer({ kind: 'refused', error })
    await turn()
    arrived[2]!.answer({ kind: 'taken', rejected })
    arrived[0]!.answer(TAKEN)
    expect(await Promise.all(sent)).toEqual([
      TAKEN,
      { kind: 'refused', error },
      { kind: 'taken', rejected },
      { kind: 'misdirected' },
    ])
    const refused = (await sent[1]) as Extract<LinkOutcome, { kind: 'refused' }>
    expect(refused.error).toMatchObject({ code: 'event_not_string', field: 'event', status: 400 })
  })

  it('of one turn leave together over one connection, and so do their answers', async () => {
    const link = newLink()
    void link.send(calls('first')).sent
    await arrive(1)
    const [before, answersBefore] = [ends[0].writes, ends[1].writes]
    for (let count = 0; count < 10; count++) void link.send(calls(String(count))).sent
    await arrive(11)
    for (const { answer } of arrived) answer(TAKEN)
    await turn()
    await turn()
    expect([opened, ends[0].writes - before, ends[1].writes - answersBefore]).toEqual([1, 1, 1])
  })
})

describe('a link', () => {
  it('refuses what is too much at once, until some of it is answered', async () => {
    const link = newLink(LIMITS)
    const small = { body: Buffer.alloc(100), packed: undefined }
    const sent = [1, 2, 3].map(() => link.send(calls('a', small)).sent)
    expect(link.refusal(1)).toMatchObject({ status: 429 })
    expect(() => link.send(calls('a', small))).toThrow('Too many requests are under way to the engine')
    await arrive(3)
    arrived[0]!.answer(TAKEN)
    await sent[0]
    expect([link.refusal(800), link.refusal(801)]).toEqual([undefined, expect.objectContaining({ status: 429 })])
  })

  it('whose connection is lost says that calls may be taken, and opens another', async () => {
    const link = newLink()
    const lost = link.send(calls('a')).sent
    await arrive(1)
    ends[1].destroy()
    expect(await lost).toEqual({ kind: 'lost' })
    const sent = link.send(calls('b')).sent
    await arrive(2)
    arrived[1]!.answer(TAKEN)
    expect([await sent, opened]).toEqual([TAKEN, 2])
  })

  it('that cannot be opened says that nothing was sent, and tries again with the next', async () => {
    isReachable = false
    const link = newLink()
    expect(await link.send(calls('a')).sent).toEqual({ kind: 'not sent' })
    isReachable = true
    void link.send(calls('b')).sent
    await arrive(1)
    expect(opened).toBe(2)
  })

  it('that is closed sends nothing more, not even while it opens', async () => {
    const link = newLink()
    const sending = link.send(calls('a')).sent
    link.close()
    expect(await sending).toEqual({ kind: 'not sent' })
    await turn()
    expect([arrived, ends[0].destroyed]).toEqual([[], true])
  })

  it('waits no more for what is abandoned, and has room again', async () => {
    const link = newLink({ ...LIMITS, requestsMax: 1 })
    const { sent, abandon } = link.send(calls('a'))
    await arrive(1)
    abandon()
    expect(await sent).toEqual({ kind: 'lost' })
    const next = link.send(calls('b')).sent
    await arrive(2)
    // Its answer comes late, and is nobody's.
    for (const { answer } of arrived) answer(TAKEN)
    expect(await next).toEqual(TAKEN)
  })

  it('is cut by an answer that is none', async () => {
    const lost = newLink().send(calls('a')).sent
    await arrive(1)
    ends[1].write(frameOf(99, 1))
    expect(await lost).toEqual({ kind: 'lost' })
  })
})

describe('an engine', () => {
  it('hears nobody who does not know the secret', async () => {
    secretOfEdge = 'another secret'
    expect((await newLink().send(calls('a')).sent).kind).toBe('lost')
    expect([arrived, String(troubles)]).toEqual([[], 'Error: link: an edge does not know the secret'])
  })

  it('cuts an edge that sends what is no request', async () => {
    const sent = newLink().send(calls('a')).sent
    await arrive(1)
    ends[0].write(frameOf(FRAME.request, 2, Buffer.alloc(3)))
    expect((await sent).kind).toBe('lost')
    expect(troubles).toHaveLength(1)
  })

  it('hears nobody who proves nothing, and waits for that only so long', async () => {
    const [near, far] = duplexPair()
    server.accept(far, NONCES)
    near.write(frameOf(FRAME.request, 1, Buffer.alloc(10)))
    await until(() => near.destroyed)
    const [silent, other] = duplexPair()
    server.accept(other, NONCES)
    time.moveTo(4_999)
    expect(silent.destroyed).toBe(false)
    time.moveTo(5_000)
    expect([silent.destroyed, arrived]).toEqual([true, []])
  })

  it('reads no more of a link than it may have in flight', async () => {
    server = newServer({ ...LIMITS, requestsMax: 2 })
    const link = newLink()
    for (const name of ['a', 'b', 'c', 'd']) {
      void link.send(calls(name)).sent
      await turn()
    }
    await turn()
    expect(arrived).toHaveLength(2)
    arrived[0]!.answer(TAKEN)
    await arrive(3)
  })

  it('that ends answers what it has, and is sent no more', async () => {
    const link = newLink()
    const sent = link.send(calls('a')).sent
    await arrive(1)
    const stopped = server.stop()
    await turn()
    isReachable = false
    expect(await link.send(calls('b')).sent).toEqual({ kind: 'not sent' })
    arrived[0]!.answer(TAKEN)
    expect(await sent).toEqual(TAKEN)
    await stopped
    expect([arrived.length, ends[1].destroyed, time.timers.size]).toEqual([1, true, 0])
  })

  it('that ends waits only so long for edges', async () => {
    const sent = newLink().send(calls('a')).sent
    await arrive(1)
    const stopped = server.stop()
    time.moveTo(2_000)
    await stopped
    expect((await sent).kind).toBe('lost')
  })
})
