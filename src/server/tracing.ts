/** The parts of the server that are traced, if somebody asked for that. */
import type { CheckpointSummary } from '../checkpoints/checkpointer.ts'
import type { AnsweredJob } from '../dispatch/dispatcher.ts'
import type { AnsweredRequest, RequestContext } from '../http/app.ts'
import type { Span, Trace } from '../model/trace.ts'
import type { SpaceJournal } from '../space/pipeline-options.ts'

/** Returns the span of a request: by its route, without what its path and query name. */
export function requestSpan(
  { method, route, status, durationMs }: AnsweredRequest,
  { spaceId, traceparent }: RequestContext,
  endedAt: number,
): Span {
  return {
    name: `${method} ${route}`.trimEnd(),
    isRequest: true,
    startedAt: endedAt - durationMs,
    durationMs,
    attributes: {
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      ...(spaceId !== undefined && { 'rollcall.space': spaceId }),
    },
    isFailed: status >= 500,
    traceparent,
  }
}

/** Makes a journal whose appends are traced. */
export function tracedJournal(
  journal: SpaceJournal,
  trace: Trace,
  { spaceId, clock }: { readonly spaceId: string; readonly clock: () => number },
): SpaceJournal {
  const end = (startedAt: number, kind: string, isFailed: boolean): void => {
    const attributes = { 'rollcall.space': spaceId, 'rollcall.entry': kind }
    trace({ name: 'journal append', startedAt, durationMs: clock() - startedAt, attributes, isFailed })
  }
  return {
    get isReachable() {
      return journal.isReachable
    },
    get nextPosition() {
      return journal.nextPosition
    },
    append: (entry) => {
      const startedAt = clock()
      const appended = journal.append(entry)
      appended.then(
        () => end(startedAt, entry.kind, false),
        () => end(startedAt, entry.kind, true),
      )
      return appended
    },
    idOf: (position) => journal.idOf(position),
    read: (from, after) => journal.read(from, after),
    trim: (id) => journal.trim(id),
    close: () => journal.close(),
  }
}

export function checkpointSpan(
  { bytes, pages, durationMs }: CheckpointSummary,
  spaceId: string,
  endedAt: number,
): Span {
  const attributes = { 'rollcall.space': spaceId, 'rollcall.bytes': bytes, 'rollcall.pages': pages }
  return { name: 'checkpoint', startedAt: endedAt - durationMs, durationMs, attributes, isFailed: false }
}

/** Returns the span of a job: from its way into the queue to the answer of its worker. */
export function jobSpan({ type, addedAt, endedAt, deliveries, delivered }: AnsweredJob, spaceId: string): Span {
  const attributes = {
    'rollcall.space': spaceId,
    'rollcall.destination.type': type,
    'rollcall.deliveries': deliveries,
    'rollcall.delivered': delivered,
  }
  const durationMs = endedAt - addedAt
  return { name: `deliver ${type}`, startedAt: addedAt, durationMs, attributes, isFailed: delivered < deliveries }
}
