/** Tools that look definitions up: `list_audiences`, `get_audience`, `list_computed_traits`. */
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { withParameters } from './api.ts'
import {
  type Definition,
  definitionText,
  findAudience,
  headlineOf,
  listDefinitions,
  listed,
  type ListPath,
  type Reference,
  referencesOf,
} from './definitions.ts'
import { Member, membersText, shown, SHOWN_MAX } from './members.ts'
import { addTool, type ToolAnswer, type ToolSetting } from './tool.ts'
import { cut, lines } from './text.ts'

const PAGE_DEFAULT = 20
const PAGE_MAX = 50

const ListInput = z.strictObject({
  search: z.string().optional().describe('Only those in which this occurs; upper and lower case are one.'),
  search_in: z
    .enum(['name', 'key', 'query'])
    .default('name')
    .describe('The field that is searched; a key is searched from its beginning.'),
  limit: z.int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT).describe('Definitions on a page.'),
  cursor: z.string().optional().describe('The nextCursor of the page before.'),
})
const SEARCHED = { name: 'NAME', key: 'KEY', query: 'DEFINITION' } as const

const DESCRIPTION_SHOWN_MAX = 1_000
const Members = z.object({ members: z.array(Member) })

export function addDefinitionTools(server: McpServer, { api }: ToolSetting): void {
  const list = async (path: ListPath, noun: string, input: z.infer<typeof ListInput>): Promise<ToolAnswer> => {
    const { search, search_in, limit: count, cursor } = input
    const page = await listDefinitions(api, path, { search, searchIn: SEARCHED[search_in], count, cursor })
    const more = page.next === undefined ? undefined : `There are more: ask again with cursor ${page.next}`
    const text = lines(
      `${page.definitions.length} of ${page.total} ${noun}:`,
      ...page.definitions.map(definitionText),
      more,
    )
    const data = {
      definitions: page.definitions.map(listed),
      total: page.total,
      ...(page.next && { nextCursor: page.next }),
    }
    return { text, data }
  }
  addTool(server, {
    name: 'list_audiences',
    title: 'List audiences',
    description: 'Lists audiences by pages: key, name, type, status, size, query.',
    input: ListInput,
    answer: (input) => list('audiences', 'audiences', input),
  })
  addTool(server, {
    name: 'list_computed_traits',
    title: 'List computed traits',
    description: "Lists computed traits by pages. A query reads one as trait('key').",
    input: ListInput,
    answer: (input) => list('computed-traits', 'computed traits', input),
  })
  addTool(server, {
    name: 'get_audience',
    title: 'Look an audience up',
    description: 'Shows one audience: its query, options and size, who reads it or is told of it, and some members.',
    input: z.strictObject({
      audience: z.string().min(1).describe('Its key or its id.'),
      members: z.int().min(0).max(SHOWN_MAX).default(0).describe('So many members are shown.'),
      traits: z.array(z.string()).max(SHOWN_MAX).default([]).describe('Traits that are shown of each member.'),
    }),
    answer: async ({ audience, members: limit, traits }) => {
      const found = await findAudience(api, audience)
      const path = `audiences/${found.id}`
      const references = await referencesOf(api, found.id)
      const wanted = withParameters(`${path}/members`, { limit, traits: traits.join(',') })
      const members = limit === 0 ? [] : shown(Members.parse(await api.control('GET', wanted)).members)
      return { text: audienceText(found, references, members), data: { audience: found, references, members } }
    },
  })
}

function audienceText(audience: Definition, references: readonly Reference[], members: readonly Member[]): string {
  const { id, description, createdAt, updatedAt, options, query } = audience
  const told = references.map(({ type, name, key }) => `  ${type.toLowerCase()} ${cut(key ?? name)}`)
  return lines(
    headlineOf(audience),
    `id ${id}, created ${createdAt}, updated ${updatedAt}`,
    description && `description: ${cut(description, DESCRIPTION_SHOWN_MAX)}`,
    `query: ${query}`,
    `options: ${JSON.stringify(options)}`,
    told.length > 0 && 'read by, or told to:',
    ...told,
    membersText('some members:', members),
  )
}
