/**
 * Puts the calls of a while into a bucket, as one object: who has entered and left since, for lakes and warehouses. No
 * object is ever read, and none is removed.
 */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { DeliveryError, type Destination, type DestinationType } from '../contract/destination.ts'
import { Bucket } from './bucket.ts'
import { deltaObjectOf } from './delta-object.ts'
import { ObjectStoreSettings } from './settings.ts'

/** Begins with a dot: readers of folders pass over it. */
const PROBE = '.rollcall-test'

export const s3Destination: DestinationType<ObjectStoreSettings> = {
  slug: 's3',
  name: 'S3',
  kind: 'event',
  description: 'Puts calls into a bucket of S3-compatible storage, as an object for those of a while.',
  settings: ObjectStoreSettings,
  secrets: ['secretAccessKey', 'sessionToken'],
  hosts: ['endpoint'],
  // More lanes would share what is gathered, and make as many smaller objects.
  lanes: 1,
  limits: ({ batchSize, everySeconds, timeoutSeconds }) => ({
    batchCalls: batchSize,
    timeoutMs: timeoutSeconds * 1_000,
    gatherMs: everySeconds * 1_000,
  }),
  connect: (settings, context) => {
    const bucket = new Bucket(settings, context)
    const deliverBatch = async (calls: readonly DeliveryCall[], signal: AbortSignal): Promise<undefined[]> => {
      await bucket.put(await deltaObjectOf(calls, settings, context.clock()), signal)
      return calls.map(() => undefined)
    }
    return {
      deliverBatch,
      deliver: async (call, signal) => {
        await deliverBatch([call], signal)
      },
      testConnection: (signal) => testBucket(bucket, settings.prefix, signal),
    } satisfies Destination
  },
}

/** Puts an empty object, and removes it if the key may do that; deliveries do not need it. */
async function testBucket(bucket: Bucket, prefix: string, signal: AbortSignal): Promise<void> {
  const name = `${prefix}${PROBE}`
  await bucket.put({ name, contentType: 'application/octet-stream', body: Buffer.alloc(0) }, signal)
  await bucket.delete(name, signal).catch((error: unknown) => {
    if (!(error instanceof DeliveryError) || error.reason !== 'access_denied') throw error
  })
}
