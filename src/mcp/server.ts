/**
 * The server of the Model Context Protocol: tools over Rollcall's own HTTP API. It acts with the token that it was
 * given, so it can do what that token may, and nothing else.
 */
import { McpServer } from '@modelcontextprotocol/server'
import { addDefinitionTools } from './definition-tools.ts'
import { addObservedTools } from './observed-tools.ts'
import { addPreviewTools } from './preview-tools.ts'
import { addProfileTools } from './profile-tools.ts'
import { addProposalTools } from './proposal-tools.ts'
import { INSTRUCTIONS } from './query-help.ts'
import type { ToolSetting } from './tool.ts'

/** The version of these tools, as clients see it. */
const VERSION = '1'

export function mcpServer(setting: ToolSetting): McpServer {
  const server = new McpServer({ name: 'rollcall', version: VERSION }, { instructions: INSTRUCTIONS })
  addDefinitionTools(server, setting)
  addPreviewTools(server, setting)
  addProfileTools(server, setting)
  addObservedTools(server, setting)
  addProposalTools(server, setting)
  return server
}
