/** Fills the subjects of the bench: a space as the server holds it, and the naive store beside it. */
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import type { Pipeline } from '../../src/space/pipeline.ts'
import { callsOf, EVENTS_PER_PROFILE, type TimedText } from './calls-of.ts'

/** Calls of one request, and requests under way at once. */
const BATCH = 100
const REQUESTS = 8

/** Throws unless all is there. */
export type Check = () => Promise<void>

/** Sets the space's clock, epoch ms. */
export type MoveTo = (instant: number) => void

export async function fillSpace(pipeline: Pipeline, profiles: number, moveTo: MoveTo): Promise<Check> {
  await sendCalls(pipeline, callsOf(profiles), moveTo)
  return async () => {
    const last = await pipeline.reads.find('users', { type: 'anonymous_id', value: `anonymous-${profiles - 1}` })
    const kept = last?.kind === 'user' ? last.keptEvents().length : 0
    if (pipeline.shard.profileCount !== profiles || kept !== EVENTS_PER_PROFILE)
      throw new Error(`${pipeline.shard.profileCount} profiles, of which the last keeps ${kept} events`)
  }
}

/** Resolves when all are durable and applied; rejects if one is refused. */
export async function sendCalls(pipeline: Pipeline, calls: Iterable<TimedText>, moveTo: MoveTo): Promise<void> {
  const under = new Set<Promise<void>>()
  let texts: string[] = []
  const send = async (): Promise<void> => {
    const body = Buffer.from(`{"batch":[${texts.join(',')}]}`)
    texts = []
    const request = readRequest('batch', parseBody(body))
    const rejected = await pipeline.ingest({ endpoint: 'batch', sourceId: 'bench', body, ...request })
    if (rejected.length > 0) throw new Error(`${rejected.length} calls were refused: ${rejected[0]!.message}`)
  }
  for (const { text, receivedAt } of calls) {
    if (texts.push(text) < BATCH) continue
    moveTo(receivedAt)
    const request = send().finally(() => under.delete(request))
    under.add(request)
    if (under.size >= REQUESTS) await Promise.race(under)
  }
  if (texts.length > 0) await send()
  await Promise.all(under)
}

export function fillObjects(profiles: number): Check {
  const byUserId = new Map<string, unknown[]>()
  for (const { text } of callsOf(profiles)) {
    const body = JSON.parse(text) as { userId: string }
    const calls = byUserId.get(body.userId)
    if (calls) calls.push(body)
    else byUserId.set(body.userId, [body])
  }
  return () => {
    if (byUserId.size !== profiles) throw new Error(`${byUserId.size} users`)
    return Promise.resolve()
  }
}
