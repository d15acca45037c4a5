/** A receiver by HTTP that drops what comes again under one id, and can be in each trouble. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'
import type { DestinationContext } from '../../destinations/contract/destination.ts'
import { contextWith } from './context.ts'
import { type ContractCase, REFUSED, type Trouble } from './contract-suite.ts'

const STATUSES: Readonly<Partial<Record<Trouble, number>>> = { unavailable: 503, refusing: 400 }

export interface HttpReceiver extends Omit<ContractCase, 'type' | 'settings'> {
  readonly url: string
  readonly context: DestinationContext
}

/** @param idHeader the header by which it knows a request that comes again */
export async function httpReceiver(idHeader: string): Promise<HttpReceiver> {
  const bodies = new Map<string, string>()
  let trouble: Trouble | undefined
  let heard: () => void
  const hearing = new Promise<void>((resolve) => (heard = resolve))
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const id = request.headers[idHeader] as string
      if (!bodies.has(id)) bodies.set(id, body)
      heard()
      if (trouble !== 'silent') answer(response, body, trouble)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const end = () => ended(server)
  onTestFinished(end)
  return {
    url: `http://127.0.0.1:${port}/hooks/a-secret-of-the-room`,
    context: contextWith({ http: createHttpClient({ allowPrivate: true, userAgent: 'Rollcall/test' }) }),
    received: () => [...bodies.values()].flatMap(callsIn),
    become: async (next) => {
      trouble = next
      if (next === 'unreachable') await end()
    },
    heard: () => hearing,
    end,
  }
}

function answer(response: ServerResponse, body: string, trouble: Trouble | undefined): void {
  if (trouble !== 'picky') {
    response.writeHead((trouble && STATUSES[trouble]) ?? 200).end()
    return
  }
  const statuses = callsIn(body).map((call) => (call.includes(REFUSED) ? 400 : 200))
  response.writeHead(207, { 'Content-Type': 'application/json' }).end(JSON.stringify(statuses))
}

/** One call, or each of an array of them. */
function callsIn(body: string): string[] {
  const content = JSON.parse(body) as unknown
  return Array.isArray(content) ? content.map((call) => JSON.stringify(call)) : [body]
}

async function ended(server: Server): Promise<void> {
  if (!server.listening) return
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
