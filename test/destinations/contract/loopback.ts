/** Servers on the loopback, one personality each, that are closed with the connections they have after their test. */
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { DeliveryError } from '../../../destinations/contract/destination.ts'

export interface Loopback {
  readonly port: number
  readonly url: string
  /** All that were ever accepted. */
  readonly sockets: readonly Socket[]
}

export async function listen(server: Server, host = '127.0.0.1', scheme = 'http'): Promise<Loopback> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    // A client that goes away is what many of the tests are about.
    socket.on('error', () => undefined)
  })
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, url: `${scheme}://127.0.0.1:${port}/`, sockets }
}

/** Speaks HTTP. */
export function serve(answer: RequestListener): Promise<Loopback> {
  return listen(createHttpServer(answer))
}

/** Speaks whatever `greet` does with the socket once a request has come. */
export function serveRaw(greet: (socket: Socket) => void): Promise<Loopback> {
  return listen(
    createServer((socket) => {
      socket.once('data', () => greet(socket))
    }),
  )
}

/** `arrived`, or the kind and reason of what went wrong. Rejects with what is no DeliveryError. */
export async function outcome(request: Promise<unknown>): Promise<string> {
  try {
    await request
    return 'arrived'
  } catch (error) {
    if (error instanceof DeliveryError) return `${error.kind} ${error.reason}`
    throw error
  }
}

/** Resolves when the other side is gone, by whatever way. */
export async function closed(socket: Socket): Promise<void> {
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve))
}
