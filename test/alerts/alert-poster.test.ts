/** Notices on their way to whoever is told, in virtual time; the world answers as a test says. */
import { describe, expect, it } from 'vitest'
import { RetryableError, TerminalError } from '../../destinations/contract/destination.ts'
import type { HttpRequest } from '../../destinations/contract/http-client.ts'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'
import { isAuthentic } from '../../destinations/webhook/verify.ts'
import type { AlertNotice } from '../../src/alerts/alert.ts'
import { AlertPoster, NOTICES_MAX } from '../../src/server/alert-poster.ts'
import { VirtualTime } from '../support/server.ts'

const START = Date.UTC(2026, 0, 31, 10)
const SECRET = 'a-secret-of-alerts'

/** A status, or the error of a request that has none. */
type Answer = number | Error

class Given {
  readonly time = new VirtualTime(START)
  readonly requests: HttpRequest[] = []
  readonly results: string[] = []
  readonly troubles: string[] = []
  /** For one request after the other; then 200. */
  answers: Answer[] = []
  readonly poster: AlertPoster

  constructor(secrets: readonly string[] = [SECRET]) {
    this.poster = new AlertPoster({
      url: 'https://alerts.example/hook',
      secrets,
      http: { request: (request) => this.#answer(request) },
      clock: this.time.clock,
      timer: this.time.timer,
      random: () => 1,
      count: (result) => this.results.push(result),
      onTrouble: ({ reason }) => this.troubles.push(reason),
    })
  }

  /** The numbers of the notices that were sent, in order, each as often as it was. */
  get sent(): number[] {
    return this.requests.map(({ body }) => {
      const { details } = JSON.parse(String(body)) as { details: { number: number } }
      return details.number
    })
  }

  #answer(request: HttpRequest) {
    this.requests.push(request)
    const answer = this.answers.shift() ?? 200
    if (answer instanceof Error) return Promise.reject(answer)
    return Promise.resolve({ status: answer, headers: {}, body: Buffer.alloc(0) })
  }
}

function notice(number: number, state: AlertNotice['state'] = 'firing'): AlertNotice {
  const alert = { name: 'checkpoint', spaceId: 's', subject: '', summary: 'The last checkpoint has failed' } as const
  return { id: 'alert_1', state, alert: { ...alert, details: { number } }, since: START - 5_000, at: START }
}

/** Lets promises that wait for nothing else go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('a notice', () => {
  it('is posted as JSON, signed over its bytes', async () => {
    const given = new Given()
    given.poster.post(notice(1))
    await settled()
    const [{ method, url, headers, body }] = given.requests as [HttpRequest]
    expect({ method, url }).toEqual({ method: 'POST', url: 'https://alerts.example/hook' })
    expect(JSON.parse(String(body))).toEqual({
      id: 'alert_1',
      alert: 'checkpoint',
      space: 's',
      state: 'firing',
      since: '2026-01-31T09:59:55.000Z',
      at: '2026-01-31T10:00:00.000Z',
      summary: 'The last checkpoint has failed',
      details: { number: 1 },
    })
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    expect(isAuthentic({ headers: lower, body: body as Buffer }, SECRET, START)).toBe(true)
    expect(given.results).toEqual(['delivered'])
  })

  it('of the end is another message than that of the beginning: receivers drop what comes twice', async () => {
    const given = new Given([])
    given.poster.post(notice(1))
    given.poster.post(notice(2, 'resolved'))
    await settled()
    expect(new Set(given.requests.map(({ headers }) => headers['Webhook-Id'])).size).toBe(2)
    expect(given.requests[0]!.headers).not.toHaveProperty('Webhook-Signature')
  })

  it('is tried again, later each time, and those behind it wait', async () => {
    const given = new Given()
    given.answers = [503, new RetryableError('timeout', 'No complete answer came in time.'), 200, 200]
    given.poster.post(notice(1))
    given.poster.post(notice(2))
    await settled()
    expect(given.sent).toEqual([1])
    given.time.moveTo(START + 999)
    await settled()
    expect(given.sent).toEqual([1])
    given.time.moveTo(START + 1_000)
    await settled()
    given.time.moveTo(START + 2_999)
    await settled()
    expect(given.sent).toEqual([1, 1])
    given.time.moveTo(START + 3_000)
    await settled()
    expect(given.sent).toEqual([1, 1, 1, 2])
    expect(given.troubles).toEqual(['status_503', 'timeout'])
    expect(given.results).toEqual(['delivered', 'delivered'])
  })

  it('that is refused for good is not tried again', async () => {
    const given = new Given()
    given.answers = [new TerminalError('blocked_address', 'The address is private or reserved.'), 404]
    for (const number of [1, 2, 3]) given.poster.post(notice(number))
    await settled()
    expect(given.sent).toEqual([1, 2, 3])
    expect(given.results).toEqual(['refused', 'refused', 'delivered'])
  })

  it('is dropped if too many newer ones wait, and counted', async () => {
    const given = new Given()
    given.answers = [503]
    for (let number = 1; number <= NOTICES_MAX + 3; number++) given.poster.post(notice(number))
    await settled()
    expect(given.results).toEqual(['dropped', 'dropped', 'dropped'])
    given.time.moveTo(START + 1_000)
    for (let turn = 0; turn < NOTICES_MAX; turn++) await settled()
    expect(given.sent.slice(1)).toEqual(Array.from({ length: NOTICES_MAX }, (_, index) => index + 4))
  })

  it('that is not answered is given up in time; once stopped, nothing is sent', async () => {
    const given = new Given()
    const http = createHttpClient({ allowPrivate: false, userAgent: 'test', lookup: () => undefined })
    const { time, troubles, results } = given
    const poster = new AlertPoster({
      url: 'https://alerts.example/hook',
      secrets: [],
      http,
      clock: time.clock,
      timer: time.timer,
      random: () => 1,
      count: (result) => results.push(result),
      onTrouble: ({ reason }) => troubles.push(reason),
    })
    poster.post(notice(1))
    time.moveTo(START + 10_000)
    await settled()
    expect(troubles).toEqual(['timeout'])
    poster.stop()
    expect(time.timers.size).toBe(0)
    poster.post(notice(2))
    await settled()
    expect(results).toEqual([])
  })

  it('does not reach a private address that destinations may not', async () => {
    const { time, troubles, results } = new Given()
    const poster = new AlertPoster({
      url: 'http://127.0.0.1:9/hook',
      secrets: [],
      http: createHttpClient({ allowPrivate: false, userAgent: 'test' }),
      clock: time.clock,
      timer: time.timer,
      random: () => 1,
      count: (result) => results.push(result),
      onTrouble: ({ reason }) => troubles.push(reason),
    })
    poster.post(notice(1))
    await settled()
    expect({ troubles, results }).toEqual({ troubles: ['blocked_address'], results: ['refused'] })
  })
})
