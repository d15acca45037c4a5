/** Answers a request for transitions with a live feed. */
import type { Request, Response } from 'express'
import { EngineError, kindOf } from '../model/errors.ts'
import type { FeedApi, FeedFilter } from '../model/transition-feed.ts'
import { answersHead, EventStream } from './event-stream.ts'

/** Throws an EngineError, before anything is sent, for what the feed refuses. */
export function answerWithFeed(feed: FeedApi, filter: FeedFilter, request: Request<object>, response: Response): void {
  if (answersHead(response)) return
  const stream = new EventStream(response)
  const subscription = feed.follow(filter, lastEventIdOf(request), stream)
  stream.onDrained(() => subscription.proceed())
  stream.onClosed(() => subscription.leave())
}

/** Returns the id that a client comes back with: its header is newer than the address that it once began with. */
function lastEventIdOf(request: Request<object>): string | undefined {
  const asked = request.get('last-event-id') ?? request.query['lastEventId']
  if (asked === undefined || asked === '') return undefined
  if (typeof asked === 'string') return asked
  throw new EngineError('validation_error', `lastEventId: expected one id, got ${kindOf(asked)}`, 'lastEventId')
}
