/**
 * Bull Board, to look at the queues of deliveries. It asks for the access token, which a browser sends as a user name.
 */
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import type { Queue } from 'bullmq'
import express, { type Request, type Router } from 'express'
import { EngineError } from '../model/errors.ts'

/** Where it is mounted. */
const PATH = '/queues'

export interface QueueBoardOptions {
  /** By the `Authorization` header, which is Basic here. */
  readonly isAllowed: (authorization: string | undefined) => boolean
  readonly queues: () => readonly Queue[]
}

export function queueBoard({ isAllowed, queues }: QueueBoardOptions): Router {
  const adapter = new ExpressAdapter()
  adapter.setBasePath(PATH)
  const board = createBullBoard({ queues: [], serverAdapter: adapter })
  const router = express.Router()
  router.use((request, response, next) => {
    if (!isAllowed(request.get('authorization'))) {
      response.set('WWW-Authenticate', 'Basic realm="rollcall: the access token as user name"').status(401).end()
      return
    }
    if (hasBody(request)) throw new EngineError('invalid_request_error', 'body: expected none, got one')
    // Its pages load scripts and styles of their own.
    response.set(
      'Content-Security-Policy',
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    )
    board.setQueues(queues().map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })))
    next()
  })
  router.use(adapter.getRouter() as Router)
  return router
}

/** Looks at the headers alone. The board is read-only and needs no body, but would parse one without our bounds. */
function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
