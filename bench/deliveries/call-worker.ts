/** The baseline's worker: a job of BullMQ for each call, fifty at a time, by the same client of the same webhook. */
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { destinationType, parseSettings } from '../../destinations/registry.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { contextFor } from '../../src/worker/deliver.ts'

const CONCURRENCY = 50
const [address, url] = process.argv.slice(2) as [string, string]

const type = destinationType('webhook')!
const context = contextFor({ allowPrivate: true, directory: '' }, () => undefined)('dst_bench')
const webhook = type.connect(parseSettings(type, { url }), context)
const worker = new Worker<DeliveryCall>(
  'calls',
  async ({ data }) => webhook.deliver(data, AbortSignal.timeout(5_000)),
  {
    connection: new Redis(address, { maxRetriesPerRequest: null }),
    concurrency: CONCURRENCY,
    removeOnComplete: { count: 0 },
  },
)
await worker.waitUntilReady()
process.stdout.write(`${JSON.stringify({ url })}\n`)
