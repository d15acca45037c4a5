/** Tools about one user or account: `explain_profile`, `get_profile_traits`. */
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { withParameters } from './api.ts'
import { findDefinitions } from './definitions.ts'
import { conditionLines, ShownExplanation } from './explanation-text.ts'
import { addTool, type ToolSetting } from './tool.ts'
import { bounded, cut, lines, valueText } from './text.ts'

const TRAITS_DEFAULT = 20
const TRAITS_MAX = 50

const Profile = z
  .string()
  .min(1)
  .describe('user_id:u1, email:ann@example.com or another id of a user; group_id:acme, an account; or a segment id.')

const ExplainInput = z.strictObject({
  profile: Profile,
  key: z.string().min(1).optional().describe('The key of an audience or a computed trait; or else query.'),
  query: z.string().optional().describe('The query of an audience that need not be there.'),
})

const TraitsInput = z.strictObject({
  profile: Profile,
  class: z.enum(['audience', 'computed_trait']).optional().describe('Only audiences, or only computed traits.'),
  include: z.array(z.string().min(1)).max(TRAITS_MAX).default([]).describe('Only these.'),
  limit: z.int().min(1).max(TRAITS_MAX).default(TRAITS_DEFAULT).describe('Traits on a page.'),
  cursor: z.string().optional().describe('The nextCursor of the page before.'),
})

const Traits = z.object({
  traits: z.record(z.string(), z.unknown()),
  cursor: z.object({ has_more: z.boolean(), next: z.string() }),
})

export function addProfileTools(server: McpServer, { api }: ToolSetting): void {
  /** Returns the query of a definition, so that conditions can be shown by their text. */
  const queryOf = async (key: string, profile: string): Promise<string> => {
    const type = collectionOf(profile) === 'users' ? 'USERS' : 'ACCOUNTS'
    const all = [
      ...(await findDefinitions(api, 'audiences', key)),
      ...(await findDefinitions(api, 'computed-traits', key)),
    ]
    return all.find((definition) => definition.type === type)?.query ?? ''
  }
  addTool(server, {
    name: 'explain_profile',
    title: 'Explain a profile',
    description:
      'Says why a user or an account is in an audience or is not, condition by condition: the events behind it, what ' +
      'would make each condition hold, and when it changes by itself. Of an audience or computed trait by its key, or ' +
      'of a query that is only a draft.',
    input: ExplainInput,
    answer: async ({ profile, key, query }) => {
      if ((key === undefined) === (query === undefined))
        throw new EngineError('validation_error', 'key: expected either a key or a query, and not both', 'key')
      const path = `${pathOf(profile)}/explain`
      const asked =
        key === undefined
          ? api.profile(path, { definition: { query } })
          : api.profile(`${path}/${encodeURIComponent(key)}`)
      const explanation = ShownExplanation.parse(await asked)
      const text = explanationText(profile, key, query ?? (await queryOf(key ?? '', profile)), explanation)
      return { text, data: { profile, ...explanation } }
    },
  })
  addTool(server, {
    name: 'get_profile_traits',
    title: "Look a profile's traits up",
    description:
      'Lists the traits of a user or an account by pages: custom traits, computed traits, and audiences, which are ' +
      'true or false.',
    input: TraitsInput,
    answer: async ({ profile, class: kind, include, limit, cursor }) => {
      const parameters = { limit, class: kind, include: include.join(','), next: cursor }
      const answer = Traits.parse(await api.profile(withParameters(`${pathOf(profile)}/traits`, parameters)))
      const found = Object.entries(answer.traits)
      const next = answer.cursor.has_more ? answer.cursor.next : undefined
      const text = lines(
        found.length === 0 ? 'no traits' : undefined,
        ...found.map(([name, value]) => `${cut(name)}: ${valueText(value)}`),
        next !== undefined && `There are more: ask again with cursor ${next}`,
      )
      const traits = Object.fromEntries(found.map(([name, value]) => [name, bounded(value)]))
      return { text, data: { profile, traits, ...(next !== undefined && { nextCursor: next }) } }
    },
  })
}

function collectionOf(profile: string): 'users' | 'accounts' {
  return profile.startsWith('group_id:') || profile.startsWith('acc_') ? 'accounts' : 'users'
}

function pathOf(profile: string): string {
  return `${collectionOf(profile)}/profiles/${encodeURIComponent(profile)}`
}

function explanationText(
  profile: string,
  key: string | undefined,
  query: string,
  explanation: ShownExplanation,
): string {
  const { value, text, changesAt, eligible, exactSince, conditions } = explanation
  return lines(
    `${profile} ${verdictOf(value, key)}${changesAt === undefined ? '' : ` until ${changesAt}, if nothing else happens`}`,
    eligible === false && 'It has none of the ids that the audience asks for, so it cannot be a member.',
    exactSince !== undefined && `Only events since ${exactSince} count: older ones are no longer kept.`,
    `definition: ${text}`,
    ...conditionLines(conditions, query),
  )
}

function verdictOf(value: unknown, key: string | undefined): string {
  const name = key ?? 'an audience with this query'
  if (typeof value !== 'boolean') return `has ${valueText(value)} as ${name}`
  if (key === undefined) return value ? `would be in ${name}` : `would not be in ${name}`
  return value ? `is in ${name}` : `is not in ${name}`
}
