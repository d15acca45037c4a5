/**
 * The application that answers, which may change, and requests and responses that are its own from the start.
 *
 * Express sets the prototype of each to its own; if that is a change, V8 gives up their shapes, and everything that
 * touches them afterwards is slow. By CPU profiles of this server on Node 20, a read of 20 traits took 218 µs then and
 * 70 µs without; by `npm run bench -- ingest`, single calls came to 0.19 of their floor then and to 0.34 without.
 *
 * Bull Board is an application inside this one, and still changes those of its own requests.
 */
import { IncomingMessage, type RequestListener, type ServerOptions, ServerResponse } from 'node:http'
import type { Express } from 'express'
import type { DirectListener } from './direct.ts'

/** An application, and what is asked before it. */
export interface HttpApp {
  /** Returns false for what the application is to answer. */
  readonly direct?: DirectListener
  readonly app: Express
}

export interface ExpressListener {
  /** Must be among the options of the server that listens. */
  readonly options: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>
  readonly listener: RequestListener
  /** Lets another application answer all requests from now on, those of open connections too. */
  readonly become: (answering: HttpApp) => void
}

export function expressListener(first: HttpApp): ExpressListener {
  // Classes, as V8 makes room in the objects of a class for what its parent sets.
  class Request extends IncomingMessage {}
  class Response<Of extends IncomingMessage = IncomingMessage> extends ServerResponse<Of> {}
  let current = first
  /** Puts the classes between messages and what an application gives its own. */
  const become = (answering: HttpApp): void => {
    const { app } = answering
    current = answering
    Object.setPrototypeOf(Request.prototype, app.request)
    Object.setPrototypeOf(Response.prototype, app.response)
    app.request = Request.prototype as typeof app.request
    app.response = Response.prototype as typeof app.response
  }
  become(first)
  return {
    options: { IncomingMessage: Request, ServerResponse: Response },
    listener: (request, response) => {
      if (!current.direct?.(request, response)) current.app(request, response)
    },
    become,
  }
}
