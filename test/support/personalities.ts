/** Servers on the loopback, each with a fault that the world's servers have. To be called within a test. */
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { setTimer } from '../../src/model/timer.ts'
import { gzipSync } from 'node:zlib'
import { listen, serve, serveRaw } from '../destinations/contract/loopback.ts'
import { SELF_SIGNED } from '../destinations/contract/self-signed.ts'

const MEBIBYTE = 1024 * 1024
const HUGE_MIB = 1024

/** URL of each, by its name. */
export async function personalities(): Promise<Readonly<Record<string, string>>> {
  const raw = async (answer: (socket: Socket) => void) => (await serveRaw(answer)).url
  const status = async (code: number, headers: Readonly<Record<string, string>> = {}) =>
    (await serve((request, response) => void request.resume().on('end', () => response.writeHead(code, headers).end())))
      .url
  const later = async (ms: number) =>
    (await serve((request, response) => void request.resume().on('end', () => setTimer(() => response.end(), ms)))).url
  const bomb = gzipSync(Buffer.alloc(64 * MEBIBYTE))
  const healthy = await status(200)
  return {
    healthy,
    'slow by 2 s': await later(2_000),
    'slow by 30 s': await later(30_000),
    'never answers': await raw(() => undefined),
    500: await status(500),
    502: await status(502),
    '429, seconds': await status(429, { 'Retry-After': '2' }),
    '429, a date': await status(429, { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() }),
    408: await status(408),
    410: await status(410),
    'reset before headers': await raw((socket) => socket.resetAndDestroy()),
    'reset after headers': await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', () => socket.resetAndDestroy())
    }),
    'reset in the body': await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => socket.resetAndDestroy())
    }),
    'a byte a second': await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
      const dripping = setInterval(() => socket.write('x'), 1_000)
      socket.on('close', () => clearInterval(dripping))
    }),
    'a gigabyte': (
      await serve((request, response) => {
        request.resume()
        let left = HUGE_MIB
        const chunk = Buffer.alloc(MEBIBYTE)
        const more = (): void => {
          while (left-- > 0 && !response.destroyed) if (!response.write(chunk)) return void response.once('drain', more)
          response.end()
        }
        more()
      })
    ).url,
    'redirects to itself': (
      await serve((request, response) => void response.writeHead(307, { Location: request.url! }).end())
    ).url,
    'redirects within': await status(307, { Location: healthy }),
    'a certificate that nobody trusts': (
      await listen(
        createHttpsServer(SELF_SIGNED, (_, response) => response.end()),
        '127.0.0.1',
        'https',
      )
    ).url,
    'a name that nobody knows': 'http://nobody.invalid/',
    '200, then closed': await raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
    'a gzip bomb': (
      await serve((_, response) => void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb))
    ).url,
  }
}
