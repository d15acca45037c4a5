/** Links over HTTP, between servers of 127.0.0.1. */
import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Link } from '../../src/link/link.ts'
import { LinkServer } from '../../src/link/link-server.ts'
import type { CallsToTake } from '../../src/link/messages.ts'
import { openTunnel, tunnelListener } from '../../src/link/tunnel.ts'
import { setTimer } from '../../src/model/timer.ts'
import { listen, urlOf } from '../support/loopback.ts'

const SECRET = 'the secret of this cluster'
const CALLS: CallsToTake = {
  endpoint: 'track',
  spaceId: undefined,
  writeKey: 'k',
  body: Buffer.from('{}'),
  packed: undefined,
  traceparent: undefined,
}

let http: Server
let links: LinkServer
let taken: string[]
let troubles: unknown[]

beforeEach(async () => {
  ;[taken, troubles] = [[], []]
  links = new LinkServer({
    secret: SECRET,
    take: ({ body }) => {
      taken.push(body.toString())
      return Promise.resolve({ kind: 'taken', rejected: [] })
    },
    afterTurn: setImmediate,
    timer: setTimer,
    onTrouble: (cause) => troubles.push(cause),
  })
  http = createServer((_request, response) => response.end('http'))
  http.on('connect', tunnelListener(links, SECRET))
  await listen(http)
})

afterEach(async () => {
  const closed = once(http, 'close')
  http.close()
  await links.stop()
  await closed
})

function linkBy(secret: string): Link {
  return new Link({ open: () => openTunnel({ url: urlOf(http) }, secret), afterTurn: setImmediate })
}

it('carries calls beside HTTP, on the same port', async () => {
  const link = linkBy(SECRET)
  expect((await link.send(CALLS).sent).kind).toBe('taken')
  expect(await (await fetch(urlOf(http))).text()).toBe('http')
  expect(taken).toEqual(['{}'])
  link.close()
})

it('is not opened by an edge with another secret, which hears that from the engine', async () => {
  expect((await linkBy('another').send(CALLS).sent).kind).toBe('not sent')
  await expect(openTunnel({ url: urlOf(http) }, 'another')).rejects.toThrow('it does not know the secret')
  expect(taken).toEqual([])
})

it('is not opened to a server that takes none', async () => {
  http.removeAllListeners('connect')
  await expect(openTunnel({ url: urlOf(http) }, SECRET)).rejects.toThrow()
})

it('says of an engine of other rules that it has to read calls itself', async () => {
  http.removeAllListeners('connect')
  http.on('connect', (asked, socket: Socket) => {
    const write = socket.write.bind(socket)
    const other = (sent: unknown) =>
      typeof sent === 'string' ? sent.replace(/versions: 1 \d+/, 'versions: 1 0') : sent
    socket.write = (sent: string) => write(other(sent) as string)
    tunnelListener(links, SECRET)(asked, socket)
  })
  const { readsAlike, socket } = await openTunnel({ url: urlOf(http) }, SECRET)
  expect(readsAlike).toBe(false)
  socket.destroy()
})

it.each(['example.com:443', 'link.rollcall:1'])('is nothing else that is asked for by CONNECT: %s', async (path) => {
  const asked = request({ host: '127.0.0.1', port: new URL(urlOf(http)).port, method: 'CONNECT', path })
  asked.on('error', () => undefined)
  asked.end()
  await new Promise((resolve) => asked.once('close', resolve))
  expect(taken).toEqual([])
})
