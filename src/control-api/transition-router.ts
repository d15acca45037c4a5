/** Transitions of a space, and those of one audience, as they go live. */
import { type Request, type Response, Router } from 'express'
import { answerWithFeed } from '../http/feed-answer.ts'
import { EngineError } from '../model/errors.ts'
import type { DefinitionKind, DefinitionRecord } from '../model/space-command.ts'
import type { FeedApi } from '../model/transition-feed.ts'

export interface TransitionApiOptions {
  readonly find: (id: string, kind: DefinitionKind) => DefinitionRecord | undefined
  readonly feed: FeedApi
}

export function transitionRouter({ find, feed }: TransitionApiOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/spaces/:spaceId/transitions', (request, response) => {
    answerWithFeed(feed, { kind: 'space' }, request, response)
  })
  router.get('/spaces/:spaceId/audiences/:id/transitions', (request: Request<{ id: string }>, response: Response) => {
    const record = find(request.params.id, 'audience')
    if (!record) throw new EngineError('not_found', 'id: there is no such audience', 'id')
    const { type, key } = record.source
    answerWithFeed(feed, { kind: 'definition', type, key }, request, response)
  })
  return router
}
