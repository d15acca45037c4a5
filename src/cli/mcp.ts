/** `rollcall mcp`: the Model Context Protocol on standard input and output, in front of a running server. */
import { setTimeout as pause } from 'node:timers/promises'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import type { Api } from '../mcp/api.ts'
import { mcpServer } from '../mcp/server.ts'
import type { ClientOptions } from '../server/settings.ts'
import { askProfile, askServer } from './client.ts'

/** Serves until the input ends. Nothing but messages of the protocol goes to the output. */
export function serveMcp(client: ClientOptions, warn: (line: string) => void): void {
  const setting = { api: apiOf(client), clock: Date.now, pause }
  serveStdio(() => mcpServer(setting), { onerror: ({ message }) => warn(`rollcall: ${message}\n`) })
}

export function apiOf(client: ClientOptions): Api {
  return {
    control: (method, path, body) => askServer(client, method, path, body),
    profile: (path, body) => askProfile(client, path, body),
  }
}
