/** Each destination has sockets of its own: one whose requests hang keeps no other from the same host. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { contextFor } from '../../src/worker/deliver.ts'
import { until } from '../support/eventually.ts'

/** As many as one destination may have to one host. */
const SOCKETS = 64

let server: Server
let url: string
let hanging = 0

beforeEach(async () => {
  hanging = 0
  server = createServer((request, response) => {
    if (request.url === '/hang') hanging++
    else response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

it('are not used up by another destination', async () => {
  const contextOf = contextFor({ directory: '', allowPrivate: true }, () => undefined)
  const [slow, quick] = [contextOf('dst_1').http, contextOf('dst_2').http]
  const ended = new AbortController()
  const request = (path: string) => ({ method: 'GET', url: url + path, headers: {}, signal: ended.signal }) as const
  const waiting = Array.from({ length: SOCKETS + 1 }, () => slow.request(request('/hang')).catch(() => 'ended'))
  await until(() => hanging === SOCKETS)
  expect(await quick.request(request('/'))).toMatchObject({ status: 200 })
  ended.abort()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ended']))
  expect(hanging).toBe(SOCKETS)
})
