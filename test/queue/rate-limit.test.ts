/**
 * The most requests per second, kept by BullMQ with a real Redis. A slow machine delays requests and never hastens
 * them: so each is held to the earliest instant at which the limit lets it go, counted from before the workers began.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { WebhookSettings } from '../../destinations/webhook/settings.ts'
import { webhookDestination } from '../../destinations/webhook/webhook.ts'
import type { IdentifyDelivery } from '../../src/model/delivery-call.ts'
import { type Delivery, outgoing } from '../../src/outbox/delivery.ts'
import { NO_ANSWER } from '../../src/outbox/space-outbox.ts'
import { BullQueue } from '../../src/queue/bull-queue.ts'
import type { DeliveryJob } from '../../src/queue/job.ts'
import { jobSizeOf } from '../../src/queue/job-size.ts'
import { contextFor } from '../../src/worker/deliver.ts'
import { DeliveryWorker } from '../../src/worker/delivery-worker.ts'
import { OwnRedis } from '../crash/harness/own-redis.ts'
import { connection, delivery, ids } from '../outbox/given.ts'

const LANES = 2
/** BullMQ and Redis round their instants to milliseconds, each for itself. */
const CLOCK_MS = 2

interface Arrival {
  /** Epoch ms. */
  readonly at: number
  readonly calls: readonly IdentifyDelivery[]
}

let redis: OwnRedis
let directory = ''
let server: Server
let url = ''
let arrivals: Arrival[]
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-rate-'))
  redis = await new OwnRedis(directory).start()
  server = createServer((request, response) => {
    const at = Date.now()
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as IdentifyDelivery | IdentifyDelivery[]
      arrivals.push({ at, calls: Array.isArray(body) ? body : [body] })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

beforeEach(() => {
  arrivals = []
})

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await redis.kill()
  await rm(directory, { recursive: true, force: true })
})

/** A job of a lane: every user of the lane enters or leaves once more. */
function job(lane: number, nth: number, users: number): DeliveryJob {
  const items = Array.from({ length: users }, (_, user) => {
    const actor = lane * 1_000 + user
    const changes: Partial<Delivery> = {
      actor,
      subject: { kind: 'user', ids: ids(`user_id:u${actor}`), only: undefined },
      profile: `user_id:u${actor}`,
      sequence: nth + 1,
      value: nth % 2 === 0,
    }
    return outgoing(delivery(nth * users + user + 1, changes))
  })
  return { id: `job-${lane}-${nth}`, destinationId: 'dst_1', lane, items, connections: [connection()] }
}

/** Sends jobs as a dispatcher does: the next one of a lane once the last one is answered. Resolves when all are. */
async function sendAll(spaceId: string, { jobs, users }: { jobs: number; users: number }): Promise<void> {
  const queue = new BullQueue(redis.address, spaceId)
  closing.push(() => queue.close())
  const sent = Array.from({ length: LANES }, () => 0)
  const sendNext = (lane: number) => queue.add(job(lane, sent[lane]!++, users))
  for (let lane = 0; lane < LANES; lane++) await sendNext(lane)
  let last = NO_ANSWER
  for (let answered = 0; answered < LANES * jobs;)
    for (const { id, answer } of await queue.answersAfter(last, true)) {
      last = id
      answered++
      expect(answer.items.map(({ outcome }) => outcome.kind)).toEqual(answer.items.map(() => 'delivered'))
      if (sent[answer.lane]! < jobs) await sendNext(answer.lane)
    }
}

it.each([
  ['one call each', { requestsPerSecond: 8 }, 3],
  ['one call each, at a rate of many', { requestsPerSecond: 60 }, 2],
  ['several calls each', { requestsPerSecond: 4, batchSize: 5 }, 4],
])('requests of %s come no more often than they may, in order, and all of them', async (name, limits, jobs) => {
  const settings = { url, ...limits }
  const size = jobSizeOf(webhookDestination.limits(WebhookSettings.parse(settings)))
  const spaceId = name.replaceAll(/\W/g, '')
  const allowPrivate = ['127.0.0.1']
  const worker = new DeliveryWorker({
    address: redis.address,
    spaceId,
    contextOf: contextFor({ directory, allowPrivate }, () => undefined),
    onFault: (cause) => {
      throw cause
    },
  })
  closing.push(() => worker.close())
  const begun = Date.now()
  await worker.open([{ id: 'dst_1', type: 'webhook', settings, lanes: LANES }])
  await sendAll(spaceId, { jobs, users: size.jobCalls })

  const requestsOfJob = 'batchSize' in limits ? 1 : size.jobCalls
  const instants = arrivals.map(({ at }) => at - begun).sort((one, other) => one - other)
  const earliest = instants.map((_, nth) => Math.floor(nth / requestsOfJob) * size.jobEveryMs - CLOCK_MS)
  const hurried = instants.filter((instant, nth) => instant < earliest[nth]!)
  expect(hurried).toEqual([])
  // The limit is reached by what was sent, and by no less than it allows.
  expect(requestsOfJob * (1_000 / size.jobEveryMs)).toBeLessThanOrEqual(limits.requestsPerSecond)
  expect(instants).toHaveLength(LANES * jobs * requestsOfJob)

  const values = new Map<string, unknown[]>()
  for (const call of arrivals.flatMap(({ calls }) => calls))
    values.set(call.userId!, [...(values.get(call.userId!) ?? []), call.traits['vips']])
  expect(values.size).toBe(LANES * size.jobCalls)
  const inOrder = Array.from({ length: jobs }, (_, nth) => nth % 2 === 0)
  for (const [user, found] of values) expect([user, found]).toEqual([user, inOrder])
})
