/** Audiences and computed traits as the API shows them, and found by their keys. */
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { type Api, withParameters } from './api.ts'
import { cut, lines, people, percent } from './text.ts'

const Common = {
  id: z.string(),
  key: z.string(),
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  status: z.string(),
  progress: z.object({ share: z.number(), expectedLiveAt: z.string().optional() }).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  options: z.record(z.string(), z.unknown()),
}

export const Audience = z.object({
  ...Common,
  audienceType: z.enum(['USERS', 'ACCOUNTS']),
  definition: z.object({ query: z.string() }),
  size: z.object({ count: z.number() }).optional(),
  entered24h: z.number().optional(),
  left24h: z.number().optional(),
})
export type Audience = z.infer<typeof Audience>

const ComputedTrait = z.object({
  ...Common,
  definition: z.object({ type: z.enum(['USERS', 'ACCOUNTS']), query: z.string() }),
})

const Pagination = z.object({ next: z.string().optional(), totalEntries: z.number() })

/** The lists of the API, and what an entry of each is. */
const LISTS = {
  audiences: z.object({ audiences: z.array(Audience), pagination: Pagination }),
  'computed-traits': z.object({ computedTraits: z.array(ComputedTrait), pagination: Pagination }),
} as const

export type ListPath = keyof typeof LISTS

/** An audience or a computed trait, its type in one place. */
export type Definition = z.infer<z.ZodObject<typeof Common>> & {
  readonly type: 'USERS' | 'ACCOUNTS'
  readonly query: string
  readonly size?: number | undefined
  readonly entered24h?: number | undefined
  readonly left24h?: number | undefined
}

export interface DefinitionPage {
  readonly definitions: readonly Definition[]
  readonly total: number
  readonly next: string | undefined
}

export interface ListQuery {
  readonly search?: string | undefined
  readonly searchIn?: 'KEY' | 'NAME' | 'DEFINITION'
  readonly count: number
  readonly cursor?: string | undefined
}

export async function listDefinitions(api: Api, path: ListPath, query: ListQuery): Promise<DefinitionPage> {
  const { search, searchIn = 'NAME', count, cursor } = query
  const parameters = {
    'pagination[count]': count,
    'pagination[cursor]': cursor,
    ...(search && { 'search[type]': searchIn, 'search[query]': search }),
  }
  const page = LISTS[path].parse(await api.control('GET', withParameters(path, parameters)))
  const found = 'audiences' in page ? page.audiences.map(ofAudience) : page.computedTraits.map(ofComputedTrait)
  return { definitions: found, total: page.pagination.totalEntries, next: page.pagination.next }
}

/** So many does the API give on a page of either list. */
const PAGE_MAX = 200

/** Finds the definitions with a key, or the one with an id: a key may be one of users and one of accounts. */
export async function findDefinitions(api: Api, path: ListPath, keyOrId: string): Promise<readonly Definition[]> {
  const found: Definition[] = []
  const search = await searchedKey(api, path, keyOrId)
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: DefinitionPage = await listDefinitions(api, path, { search, searchIn: 'KEY', count: PAGE_MAX, cursor })
    found.push(...page.definitions.filter(({ key, id }) => (isId(keyOrId) ? id : key) === keyOrId))
    cursor = page.next
  }
  return found
}

/** Returns the key of an id, as the list is searched by keys and alone has sizes. */
async function searchedKey(api: Api, path: ListPath, keyOrId: string): Promise<string> {
  if (!isId(keyOrId)) return keyOrId
  const answer = (await api.control('GET', `${path}/${encodeURIComponent(keyOrId)}`)) as Record<string, unknown>
  return z.object({ key: z.string() }).parse(Object.values(answer)[0]).key
}

function isId(keyOrId: string): boolean {
  return /^(aud|tra)_[0-9A-Za-z]{27}$/.test(keyOrId)
}

/** Returns the audience with a key or an id. Throws an EngineError if there is none, or there are two. */
export async function findAudience(api: Api, keyOrId: string, field = 'audience'): Promise<Definition> {
  const [audience, other] = await findDefinitions(api, 'audiences', keyOrId)
  if (!audience) throw new EngineError('not_found', `${field}: there is no audience with this key or id`, field)
  if (!other) return audience
  const ids = [audience, other].map(({ id, type }) => `${id} of ${type}`).join(' and ')
  throw new EngineError('validation_error', `${field}: expected an id, as two audiences have this key: ${ids}`, field)
}

const REFERENCES_SHOWN_MAX = 20
const References = z.object({
  references: z.array(
    z.object({
      type: z.enum(['AUDIENCE', 'COMPUTED_TRAIT', 'DESTINATION']),
      name: z.string(),
      key: z.string().optional(),
    }),
  ),
})
export type Reference = z.infer<typeof References>['references'][number]

/** Lists the first definitions that read an audience, and then the destinations that are told of it. */
export async function referencesOf(api: Api, id: string): Promise<readonly Reference[]> {
  const path = withParameters(`audiences/${id}/audience-references`, { 'pagination[count]': REFERENCES_SHOWN_MAX })
  return References.parse(await api.control('GET', path)).references
}

export function ofAudience({ audienceType, definition, size, ...audience }: Audience): Definition {
  return { ...audience, type: audienceType, query: definition.query, size: size?.count }
}

function ofComputedTrait({ definition, ...trait }: z.infer<typeof ComputedTrait>): Definition {
  return { ...trait, type: definition.type, query: definition.query }
}

const QUERY_SHOWN_MAX = 300

/** Returns what a list has of it: no text of any length. */
export function listed(definition: Definition): Record<string, unknown> {
  const { id, key, name, type, status, size, entered24h, left24h, updatedAt, query } = definition
  return { id, key, name, type, status, size, entered24h, left24h, updatedAt, query: cut(query, QUERY_SHOWN_MAX) }
}

/** Writes a line about it, and its query on a second one. */
export function definitionText(definition: Definition): string {
  return lines(headlineOf(definition), `  ${cut(definition.query, QUERY_SHOWN_MAX)}`)
}

/** `big_spenders: Big spenders, of users, Live, 3 users (in 24 hours 1 entered, 0 left)`. */
export function headlineOf(definition: Definition): string {
  const { key, name, type, status, progress, size, entered24h = 0, left24h = 0 } = definition
  const state = progress ? `${status}, ${percent(progress.share)} done` : status
  const members =
    size === undefined ? '' : `, ${people(size, type)} (in 24 hours ${entered24h} entered, ${left24h} left)`
  return `${key}: ${cut(name)}, of ${type.toLowerCase()}, ${state}${members}`
}
