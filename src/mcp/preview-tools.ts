/** `preview_query`: how many an audience with a query would have, and who. */
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { type Definition, findAudience } from './definitions.ts'
import { membersText, SHOWN_MAX } from './members.ts'
import {
  awaitPreview,
  cancelPreview,
  changeText,
  conditionsText,
  type Movement,
  movementOf,
  movementText,
  type ShownPreview,
  sizeText,
  startPreview,
} from './previews.ts'
import { addTool, type ToolSetting } from './tool.ts'
import { lines } from './text.ts'

const OVERLAPS_MAX = 11

const Input = z.strictObject({
  query: z
    .string()
    .min(1)
    .describe("In the query language, as in event('Order Completed').within(7 days).count() >= 1"),
  type: z.enum(['USERS', 'ACCOUNTS']).default('USERS').describe('Whom it is of.'),
  compare_with: z.string().min(1).optional().describe('The key or id of an audience: who would enter and leave it.'),
  overlap_with: z.array(z.string().min(1)).max(OVERLAPS_MAX).default([]).describe('Keys or ids of audiences.'),
  traits: z.array(z.string()).max(SHOWN_MAX).default([]).describe('Traits that are shown of each member.'),
  include_anonymous_users: z.boolean().optional().describe('An anonymous_id is enough to be a member.'),
})

interface Compared {
  readonly with: Definition | undefined
  readonly movement: Movement | undefined
  readonly overlapped: readonly Definition[]
}

export function addPreviewTools(server: McpServer, setting: ToolSetting): void {
  const { api } = setting
  addTool(server, {
    name: 'preview_query',
    title: 'Preview a query',
    description:
      'Says how many an audience with this query would have at present, and shows some of them with the instant at ' +
      'which each would leave by itself; how it overlaps with other audiences. It changes nothing.',
    input: Input,
    answer: async ({ query, type, compare_with, overlap_with, traits, include_anonymous_users }, signal) => {
      const compared = compare_with === undefined ? undefined : await findAudience(api, compare_with, 'compare_with')
      const overlapped: Definition[] = []
      for (const other of overlap_with) overlapped.push(await findAudience(api, other, 'overlap_with'))
      const id = await startPreview(setting, {
        definition: { query },
        audienceType: type,
        traits,
        overlapWith: overlapped.map((other) => other.id),
        ...(compared && { compareWith: compared.id }),
        ...(include_anonymous_users !== undefined && { options: { includeAnonymousUsers: include_anonymous_users } }),
      })
      try {
        const preview = await awaitPreview(setting, id, signal)
        const movement = preview.difference && (await movementOf(setting, id))
        const text = previewText(preview, { with: compared, movement, overlapped })
        return { text, data: { preview, ...movement } }
      } finally {
        await cancelPreview(setting, id)
      }
    },
  })
}

function previewText(preview: ShownPreview, { with: compared, movement, overlapped }: Compared): string {
  const { audienceType: type, difference, identifiers, overlap, sample } = preview
  const ids = Object.entries(identifiers).map(([name, count]) => `${count} have ${name}`)
  return lines(
    sizeText(preview),
    ids.length > 0 && `ids: ${ids.join(', ')}`,
    membersText('some members:', sample),
    difference &&
      `compared with ${compared?.key}: ${changeText(difference.enter, type)} would enter, ${changeText(difference.leave, type)} would leave`,
    movement && movementText(movement),
    ...overlap.map(({ id, both, onlyThis, onlyOther }) => {
      const key = overlapped.find((other) => other.id === id)?.key ?? id
      return `overlap with ${key}: ${both} in both, ${onlyThis} only here, ${onlyOther} only there`
    }),
    conditionsText(preview),
  )
}
