/** The SDK's own client before the tools, in one process, and a running server behind them. */
import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import { apiOf } from '../../src/cli/mcp.ts'
import type { Api } from '../../src/mcp/api.ts'
import { mcpServer } from '../../src/mcp/server.ts'
import { CONFIG } from '../support/server.ts'

export interface ToolReply {
  readonly isError: boolean
  readonly text: string
  readonly data: Record<string, unknown>
}

export interface ToolClient {
  readonly client: Client
  readonly call: (name: string, input?: object) => Promise<ToolReply>
}

/** A preview that goes on and on, as the API shows it. */
export const RUNNING = {
  id: 'pre_1',
  audienceType: 'USERS',
  definition: { query: '' },
  status: 'RUNNING',
  progress: 0.25,
  estimate: { count: 9, low: 7, high: 12, share: 0.5 },
  sample: [],
  identifiers: {},
  overlap: [],
} as const

interface ToolClientOptions {
  readonly url: string
  readonly accessToken?: string
  readonly clock?: () => number
  /** Changes what the tools see of the API. */
  readonly around?: (api: Api) => Api
}

export async function toolClient(options: ToolClientOptions): Promise<ToolClient> {
  const { url, accessToken = CONFIG.accessToken, clock = () => 0, around = (api: Api): Api => api } = options
  const api = around(apiOf({ url, spaceId: CONFIG.spaceId, accessToken, dataDirectory: '' }))
  // A turn of the loop in place of a quarter of a second.
  const pause = () => new Promise<void>((resolve) => setImmediate(resolve))
  const [near, far] = InMemoryTransport.createLinkedPair()
  await mcpServer({ api, clock, pause }).connect(far)
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(near)
  return { client, call: (name, input = {}) => callTool(client, name, input) }
}

export async function callTool(client: Client, name: string, input: object): Promise<ToolReply> {
  const answer = await client.callTool({ name, arguments: { ...input } })
  const text = answer.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  return { isError: answer.isError === true, text, data: (answer.structuredContent ?? {}) as Record<string, unknown> }
}
