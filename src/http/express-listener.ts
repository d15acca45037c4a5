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

export interface ExpressListener {
  /** Must be among the options of the server that listens. */
  readonly options: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>
  readonly listener: RequestListener
  /** Lets another application answer all requests from now on, those of open connections too. */
  readonly become: (app: Express) => void
}

export function expressListener(first: Express): ExpressListener {
  let current = first
  // The prototype of a class cannot be set; that of a function is looked at each time one is made.
  function Request(this: IncomingMessage, ...given: unknown[]): void {
    Reflect.apply(IncomingMessage, this, given)
  }
  function Response(this: ServerResponse, ...given: unknown[]): void {
    Reflect.apply(ServerResponse, this, given)
  }
  const become = (app: Express): void => {
    current = app
    Request.prototype = app.request
    Response.prototype = app.response
  }
  become(first)
  return {
    options: {
      IncomingMessage: Request as unknown as typeof IncomingMessage,
      ServerResponse: Response as unknown as typeof ServerResponse,
    },
    listener: (request, response) => {
      current(request, response)
    },
    become,
  }
}
