/** Sends calls to a pipeline as a client of the tracking API does. */
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import type { Pipeline } from '../../src/space/pipeline.ts'

export async function sendCall(pipeline: Pipeline, endpoint: 'track' | 'group' | 'batch', call: object): Promise<void> {
  const body = Buffer.from(JSON.stringify(call))
  await pipeline.ingest({ endpoint, sourceId: '', body, ...readRequest(endpoint, parseBody(body)) })
}
