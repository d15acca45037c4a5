/** Tools: an input, an answer as text and as data. A refusal of the API becomes an error of the tool. */
import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import type { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import type { Api } from './api.ts'

/** The surroundings of the tools. */
export interface ToolSetting {
  readonly api: Api
  /** Epoch ms. */
  readonly clock: () => number
  /** Resolves after so many ms. */
  readonly pause: (delayMs: number) => Promise<unknown>
}

export interface ToolAnswer {
  readonly text: string
  readonly data: Record<string, unknown>
}

export interface Tool<Input extends z.ZodObject> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: Input
  /** True if it changes something for good. */
  readonly changes?: boolean
  /** @param signal aborts when nobody waits for the answer any more */
  readonly answer: (input: z.output<Input>, signal: AbortSignal) => Promise<ToolAnswer>
}

export function addTool<Input extends z.ZodObject>(server: McpServer, tool: Tool<Input>): void {
  const { name, title, description, input, changes = false, answer } = tool
  const annotations = {
    readOnlyHint: !changes,
    destructiveHint: changes,
    idempotentHint: !changes,
    openWorldHint: false,
  }
  // The SDK has checked what is given by the schema of the tool.
  const inputSchema: z.ZodObject = input
  const run = async (
    given: Record<string, unknown>,
    { mcpReq }: { mcpReq: { signal: AbortSignal } },
  ): Promise<CallToolResult> => {
    try {
      const { text, data } = await answer(given as z.output<Input>, mcpReq.signal)
      return { content: [{ type: 'text', text }], structuredContent: data }
    } catch (error) {
      if (error instanceof EngineError) return refusal(error)
      throw error
    }
  }
  server.registerTool(name, { title, description, inputSchema, annotations }, run)
}

function refusal({ code, field, message }: EngineError): CallToolResult {
  const place = field === undefined ? '' : `, field ${field}`
  return {
    isError: true,
    content: [{ type: 'text', text: `Refused (${code}${place}): ${message}` }],
    structuredContent: { error: { code, ...(field !== undefined && { field }), message } },
  }
}
