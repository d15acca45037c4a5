/**
 * An edge process of a server: takes connections, reads and checks calls, and leads all else on to the server, which
 * has started it and has the spaces.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pino } from 'pino'
import { createStartingApp, type OnAnswer } from '../http/app.ts'
import { type DirectListener, HttpExchange } from '../http/direct.ts'
import { Forwarder } from '../http/forwarder.ts'
import { listen } from '../http/server.ts'
import { bodyReader } from '../ingest/body.ts'
import { callRoute } from '../ingest/calls.ts'
import { Link } from '../link/link.ts'
import { openTunnel } from '../link/tunnel.ts'
import { EngineError } from '../model/errors.ts'
import { setTimer, type SetTimer } from '../model/timer.ts'
import { BODY_BYTES_MAX, formOf } from './cluster-front.ts'
import type { FromEdge } from './edge-messages.ts'
import { LedCalls } from './led-calls.ts'
import { openCertificate } from './open-certificate.ts'
import { edgeSocketPath, readSettings } from './settings.ts'

/** Runs until the server tells it to end, or is gone. */
export async function serveEdge(): Promise<void> {
  const settings = readSettings()
  const log = pino({ level: settings.LOG_LEVEL })
  const socketPath = edgeSocketPath(settings)
  const secret = settings.CLUSTER_SECRET!
  const certificate = openCertificate(settings, log)
  const link = new Link({ open: () => openTunnel({ url: ENGINE_URL, socketPath }, secret), afterTurn: setImmediate })
  const forwarder = new Forwarder({ ...ALONE, holdMs: 0 })
  const told = {
    onAnswer: (...[answer, context]: Parameters<OnAnswer>) => tell({ kind: 'answered', answer, context }),
    onFault: (cause: unknown, requestId: string) => log.error({ err: cause, requestId }, 'a request has failed'),
  }
  const direct = edgeListener({ link, forwarder, socketPath, told })
  const http = await listen(
    { direct, app: createStartingApp() },
    { host: settings.HOST, port: settings.PORT, ...(certificate && { certificate }) },
  )
  tell({ kind: 'listening', url: http.url })
  // A key that interrupts the server is heard by all of its processes; the server tells this one when to end.
  process.on('SIGINT', () => undefined)
  process.once('SIGTERM', () => {
    forwarder.dismiss()
    void http.close().then(() => {
      link.close()
      forwarder.close()
      certificate?.stop()
      process.disconnect()
    })
  })
}

/** Stands in requests to the engine, which is reached by its socket. */
const ENGINE_URL = 'http://engine'

/** Options of a process that knows one engine, and waits for no other. */
const ALONE = {
  changed: (): Promise<void> => new Promise(() => undefined),
  refresh: (): Promise<void> => Promise.resolve(),
  now: (): number => performance.now(),
  timer: setTimer satisfies SetTimer,
}

export interface EdgeListenerOptions {
  readonly link: Pick<Link, 'send' | 'refusal'>
  readonly forwarder: Forwarder
  readonly socketPath: string
  readonly told: ConstructorParameters<typeof HttpExchange>[2]
}

/** Makes what answers all requests; `told` hears of those that the engine knows nothing of. */
export function edgeListener({ link, forwarder, socketPath, told }: EdgeListenerOptions): DirectListener {
  const counted = new WeakSet<object>()
  const led = new LedCalls({
    ...ALONE,
    holdMs: 0,
    aimAt: () => ({ find: () => link }),
    takeHere: () => Promise.reject(new Error('edge: no space is here')),
    onAnswered: (came) => counted.add(came),
  })
  const route = callRoute(led.take)
  const readBody = bodyReader(BODY_BYTES_MAX)
  const leadOn = async (request: IncomingMessage, response: ServerResponse, exchange: HttpExchange): Promise<void> => {
    const refuse = (error: unknown): void => exchange.refuse(formOf(request.url ?? ''), error)
    try {
      const body = await readBody(request, response)
      await forwarder.forward(request, response, {
        purpose: 'space',
        body,
        isRepeatable: () => false,
        find: () => ({ url: ENGINE_URL, socketPath }),
        refuse: () => refuse(new EngineError('unavailable', 'The server is starting; try again')),
      })
    } catch (error) {
      refuse(error)
    }
  }
  return (request, response) => {
    const exchange: HttpExchange = new HttpExchange(request, response, {
      onFault: told.onFault,
      onAnswer: (answer, context) => {
        if (!counted.has(exchange)) told.onAnswer(answer, context)
      },
    })
    if (!route(exchange)) void leadOn(request, response, exchange)
    return true
  }
}

function tell(message: FromEdge): void {
  if (process.connected) process.send?.(message)
}
