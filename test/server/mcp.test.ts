/** `rollcall mcp` as the process that a client starts, and a server that it asks. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callTool } from '../mcp/client.ts'
import { eventually } from '../support/eventually.ts'
import { MAIN } from '../support/run-serve.ts'
import { CONFIG, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.stop())

/** As a client is told to start it, but for the path of Node. */
function environment(): Record<string, string> {
  return { ROLLCALL_URL: server.url, SPACE_ID: CONFIG.spaceId, ACCESS_TOKEN: CONFIG.accessToken }
}

describe('rollcall mcp', () => {
  it('saves what it has shown, by the newest protocol', async () => {
    for (const userId of ['u1', 'u2']) await server.ingest('track', { userId, event: 'Order' })
    const transport = new StdioClientTransport({ command: process.execPath, args: [MAIN, 'mcp'], env: environment() })
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
    await client.connect(transport)
    try {
      const query = "event('Order').count() >= 1"
      const proposed = await callTool(client, 'propose_audience', { name: 'Buyers', query })
      expect(proposed.text).toContain('2 users would enter, 0 users would leave.')
      const saved = await callTool(client, 'save_audience', { proposal_id: proposed.data['proposalId'] })
      expect(saved.text).toContain('buyers: Buyers')
      expect((await server.traits('user_id:u1')).body['traits']).toEqual({ buyers: true })
    } finally {
      await client.close()
    }
  })

  it('writes nothing but messages to its output, and ends with its input, by an older protocol', async () => {
    const child = spawn(process.execPath, [MAIN, 'mcp'], { env: { ...environment(), ACCESS_TOKEN: 'none' } })
    const ended = once(child, 'exit')
    const written: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => written.push(line))
    const answered = async (id: number, method: string, params: object): Promise<unknown> => {
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
      return eventually(() => {
        const messages = written.map((line) => JSON.parse(line) as { id?: number; result?: unknown })
        const answer = messages.find((message) => message.id === id)
        expect(answer).toBeDefined()
        return answer!.result
      })
    }
    const clientInfo = { name: 'test', version: '1' }
    const first = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }
    expect(await answered(1, 'initialize', first)).toMatchObject({ serverInfo: { name: 'rollcall' } })
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`)
    expect(await answered(2, 'tools/call', { name: 'list_audiences', arguments: {} })).toMatchObject({ isError: true })
    child.stdin.write('no message\n')
    expect(await answered(3, 'tools/list', {})).toMatchObject({ tools: expect.any(Array) as unknown[] })
    child.stdin.end()
    expect(await ended).toEqual([0, null])
    expect(written.map((line) => (JSON.parse(line) as { jsonrpc: string }).jsonrpc)).toEqual(written.map(() => '2.0'))
  })
})
