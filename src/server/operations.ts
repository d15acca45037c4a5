/**
 * The operations of all APIs, each with a line about it, its parameters and its body. A test holds them to the routes,
 * both ways.
 */
import { z } from 'zod'
import { ACTIVATION_BODIES } from '../control-api/activation-requests.ts'
import { CONNECTION_BODIES, DESTINATION_BODIES } from '../control-api/destination-requests.ts'
import { NewRegulation } from '../control-api/regulation-router.ts'
import { NewSession } from '../console/router.ts'
import { DEFINITION_BODIES } from '../control-api/requests.ts'
import { NODE_BODIES } from '../control-api/node-router.ts'
import { PreviewBody } from '../control-api/preview-router.ts'
import { QUESTION_BODIES } from '../control-api/question-requests.ts'
import { SETTINGS } from '../control-api/settings-router.ts'
import { SOURCE_BODIES } from '../control-api/source-router.ts'
import { SPACE_BODIES } from '../control-api/space-router.ts'
import { NewToken } from '../control-api/token-router.ts'

/** The credential that an operation asks for. */
export type Credential = 'write key' | 'access token' | 'none'

export interface Operation {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  /** `/spaces/{spaceId}/audiences/{id}`. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly credential: Credential
  /** Parameters of the query. */
  readonly query: readonly string[]
  readonly body: z.ZodType | undefined
  /** The media type of the answer. */
  readonly answer: string
}

type More = Partial<Pick<Operation, 'query' | 'body' | 'answer' | 'credential'>>

const SPACE = '/spaces/{spaceId}'
const PROFILES = '/v1/spaces/{space}/collections/{collection}/profiles'
const PROFILE = `${PROFILES}/{identifier}`
const PAGE = ['pagination[count]', 'pagination[cursor]']
const STREAM = 'text/event-stream'

const Ids = { userId: z.string().optional(), anonymousId: z.string().optional() }
const Common = {
  ...Ids,
  context: z.record(z.string(), z.unknown()).optional(),
  integrations: z.record(z.string(), z.unknown()).optional(),
  timestamp: z.string().optional(),
  messageId: z.string().max(100).optional(),
}
const Properties = z.record(z.string(), z.unknown()).optional()
const CALLS = {
  track: z.looseObject({ ...Common, event: z.string(), properties: Properties }),
  identify: z.looseObject({ ...Common, traits: Properties }),
  page: z.looseObject({ ...Common, name: z.string().optional(), properties: Properties }),
  screen: z.looseObject({ ...Common, name: z.string().optional(), properties: Properties }),
  group: z.looseObject({ ...Common, groupId: z.string(), traits: Properties }),
  alias: z.looseObject({ ...Common, previousId: z.string().optional() }),
} as const
const Batch = z.looseObject({ batch: z.array(z.looseObject({ type: z.string(), ...Common })) })
const ProfileSearch = z.object({
  id: z.string().optional(),
  type: z.string().optional(),
  value: z.string().optional(),
  prefix: z.string().optional(),
  limit: z.number().optional(),
  next: z.string().optional(),
})
const SHORT = { t: 'track', i: 'identify', p: 'page', s: 'screen', g: 'group', a: 'alias' } as const

function operation(tag: string, credential: Credential) {
  return (route: string, summary: string, more: More = {}): Operation => {
    const [method, path] = route.split(' ') as [string, string]
    return {
      method: method.toLowerCase() as Operation['method'],
      path,
      tag,
      summary,
      credential,
      query: [],
      body: undefined,
      answer: 'application/json',
      ...more,
    }
  }
}

function ingestion(): Operation[] {
  const of = operation('Ingestion', 'write key')
  const types = Object.keys(CALLS) as (keyof typeof CALLS)[]
  return [
    ...types.map((type) => of(`POST /v1/${type}`, `Takes a ${type} call`, { body: CALLS[type] })),
    of('POST /v1/batch', 'Takes a batch of calls', { body: Batch }),
    of('POST /v1/import', 'Takes a batch of calls', { body: Batch }),
    ...Object.entries(SHORT).map(([short, type]) =>
      of(`POST /v1/${short}`, `Takes a ${type} call of the browser's SDK`, { body: CALLS[type] }),
    ),
    of('POST /v1/b', "Takes a batch of calls of the browser's SDK", { body: Batch }),
    of('POST /v1/m', "Drops what the browser's SDK measures of itself", { credential: 'none' }),
    ...types.map((type) =>
      of(`GET /v1/pixel/${type}`, `Takes a ${type} call by an image`, { query: ['data'], answer: 'image/gif' }),
    ),
    of('GET /v1/projects/{writeKey}/settings', "Settings of the browser's SDK", { credential: 'none' }),
    of('GET /analytics.js/v1/{writeKey}/analytics.min.js', "The browser's SDK", {
      credential: 'none',
      answer: 'application/javascript',
    }),
  ]
}

function profiles(): Operation[] {
  const of = operation('Profiles', 'access token')
  const traits = ['limit', 'next', 'include', 'class', 'verbose']
  return [
    of(`GET ${PROFILES}`, 'Lists profiles', { query: ['limit', 'next'] }),
    of(`POST ${PROFILES}/search`, 'Finds profiles by an id, or by how it begins', { body: ProfileSearch }),
    of(`GET ${PROFILE}/traits`, 'Traits, memberships and computed traits', { query: traits }),
    of(`GET ${PROFILE}/properties`, 'The same as traits, as older clients ask for them', { query: traits }),
    of(`GET ${PROFILE}/external_ids`, 'All ids', { query: ['limit', 'next', 'include'] }),
    of(`GET ${PROFILE}/events`, 'Kept events, the newest first', {
      query: ['limit', 'next', 'include', 'exclude', 'start', 'end', 'sort'],
    }),
    of(`GET ${PROFILE}/metadata`, 'When it came, and when it will be forgotten'),
    of(`GET ${PROFILE}/links`, 'The accounts of a user, or the users of an account', { query: ['limit', 'next'] }),
    of(`GET ${PROFILE}/history`, 'Its last transitions with their causes', { query: ['limit', 'next'] }),
    of(`GET ${PROFILE}/explain/{key}`, 'Why it has the value of a definition, and when that changes'),
    of(`POST ${PROFILE}/explain`, 'The same of a draft'),
    of(`GET ${PROFILE}/transitions`, 'Its transitions as they go live', { query: ['lastEventId'], answer: STREAM }),
    of(`DELETE ${PROFILE.replace('{collection}', 'users')}`, 'Deletes a user', { query: ['suppress'] }),
    of(
      `DELETE ${PROFILE.replace('{collection}', 'accounts')}/links/users/{user}`,
      'Takes back that a user belongs to an account',
    ),
  ]
}

function definitions(kind: 'audiences' | 'computed-traits'): Operation[] {
  const isAudience = kind === 'audiences'
  const of = operation(isAudience ? 'Audiences' : 'Computed traits', 'access token')
  const one = isAudience ? 'an audience' : 'a computed trait'
  const bodies = DEFINITION_BODIES[kind]
  const all = `${SPACE}/${kind}`
  const previews = `${all}/previews`
  const connection = `${all}/{id}/destination-connections/{destinationId}`
  const files = ['csv', 'ndjson', 'parquet'] as const
  const types = { csv: 'text/csv', ndjson: 'application/x-ndjson', parquet: 'application/vnd.apache.parquet' }
  return [
    of(`POST ${all}`, `Makes ${one}`, { body: bodies.made }),
    of(`GET ${all}`, 'Lists them', { query: [...PAGE, 'search[type]', 'search[query]'] }),
    of(`GET ${all}/{id}`, `Shows ${one}`),
    of(`PATCH ${all}/{id}`, `Changes ${one}, or starts a preview of that`, {
      body: bodies.changed,
      query: ['dryRun', 'ifUpdatedAt'],
    }),
    of(`DELETE ${all}/{id}`, `Removes ${one}`),
    of(`POST ${previews}`, 'Starts a preview of a query', { body: PreviewBody }),
    of(`GET ${previews}/{id}`, 'Shows a preview'),
    of(`GET ${previews}/{id}/stream`, 'A preview as it refines', { answer: STREAM }),
    of(`GET ${previews}/{id}/entering`, 'Who would enter', { query: ['limit', 'next'] }),
    of(`GET ${previews}/{id}/leaving`, 'Who would leave', { query: ['limit', 'next'] }),
    of(`DELETE ${previews}/{id}`, 'Cancels a preview'),
    ...files.map((file) =>
      of(`GET ${all}/{id}/export.${file}`, 'Members, as of one instant', {
        query: ['ids', 'traits', 'collection', ...(file === 'csv' ? ['format', 'bom', 'hashed'] : [])],
        answer: types[file],
      }),
    ),
    of(`POST ${all}/{id}/destination-connections`, `Connects ${one} to a destination`, {
      body: CONNECTION_BODIES.made,
    }),
    of(`GET ${all}/{id}/destination-connections`, 'Lists the connections'),
    of(`GET ${connection}`, 'Shows a connection'),
    of(`PATCH ${connection}`, 'Changes a connection', { body: CONNECTION_BODIES.changed }),
    of(`DELETE ${connection}`, 'Removes a connection'),
    of(`POST ${connection}/resync`, 'Tells the destination everything anew'),
    of(`POST ${connection}/approve`, 'Lets a change go that concerns many'),
    of(`POST ${connection}/reject`, 'Drops a change that concerns many'),
    of(`GET ${connection}/overview`, 'Counts deliveries by result'),
    ...(isAudience ? audiencesAlone(of) : []),
  ]
}

function audiencesAlone(of: ReturnType<typeof operation>): Operation[] {
  const one = `${SPACE}/audiences/{id}`
  const activation = `${one}/activations/{activationId}`
  return [
    of(`GET ${one}/members`, 'Lists members, with when each would leave', { query: ['limit', 'next', 'traits'] }),
    of(`GET ${one}/sizes`, 'Sizes over time', { query: ['from', 'to', 'step'] }),
    of(`GET ${one}/transitions`, 'Transitions as they go live', { query: ['lastEventId'], answer: STREAM }),
    of(`POST ${one}/destination-connections/{connectionId}/activations`, 'Makes an activation of a connection', {
      body: ACTIVATION_BODIES.made,
    }),
    of(`GET ${one}/activations`, 'Lists the activations of all connections', { query: PAGE }),
    of(`GET ${activation}`, 'Shows an activation'),
    of(`PATCH ${activation}`, 'Changes an activation', { body: ACTIVATION_BODIES.changed }),
    of(`DELETE ${activation}`, 'Removes an activation'),
    of(`GET ${one}/audience-references`, 'Lists who reads it, and who is told of it', { query: PAGE }),
  ]
}

function destinations(): Operation[] {
  const of = operation('Destinations', 'access token')
  const all = `${SPACE}/destinations`
  return [
    of(`GET ${SPACE}/destination-types`, 'Lists the types', {
      query: ['search', 'category', 'availability', 'limit', 'next'],
    }),
    of(`GET ${SPACE}/destination-types/{slug}`, 'Shows a type: its settings, and the actions of a tool'),
    of(`POST ${all}`, 'Makes a destination', { body: DESTINATION_BODIES.made }),
    of(`GET ${all}`, 'Lists them'),
    of(`POST ${all}/import`, 'Makes destinations from a file of settings'),
    of(`POST ${all}/rehearse`, 'Shows the requests of a call by settings that are not stored, and sends nothing', {
      body: QUESTION_BODIES.rehearsedDraft,
    }),
    of(`GET ${all}/{id}`, 'Shows a destination'),
    of(`PATCH ${all}/{id}`, 'Changes a destination', { body: DESTINATION_BODIES.changed }),
    of(`DELETE ${all}/{id}`, 'Removes a destination'),
    of(`POST ${all}/{id}/test`, 'Tries its settings out'),
    of(`POST ${all}/{id}/rehearse`, 'Shows the requests of a call, and sends nothing', {
      body: QUESTION_BODIES.rehearsed,
    }),
    of(`POST ${all}/{id}/choices`, 'Asks the tool for the values that a field may have', {
      body: QUESTION_BODIES.chosen,
    }),
    of(`POST ${all}/{id}/authorize`, "Begins to let the destination's app in at the tool", {
      body: QUESTION_BODIES.authorized,
    }),
    of('GET /oauth/callback', 'Ends that: the tool sends the user back here', {
      credential: 'none',
      query: ['state', 'code', 'error', 'error_description'],
      answer: 'text/html',
    }),
    of(`POST ${all}/{id}/pause`, 'Stops deliveries'),
    of(`POST ${all}/{id}/resume`, 'Goes on with deliveries'),
    of(`POST ${all}/{id}/drain`, 'Waits until nothing waits for it'),
    of(`GET ${all}/{id}/overview`, 'Counts deliveries by result'),
    of(`GET ${all}/{id}/failures`, 'Lists deliveries that have failed for good'),
    of(`POST ${all}/{id}/failures/resend`, 'Sends such deliveries again', { body: DESTINATION_BODIES.resent }),
  ]
}

function administration(): Operation[] {
  const of = operation('Administration', 'access token')
  const source = `${SPACE}/sources/{id}`
  return [
    of('POST /spaces', 'Makes a space', { body: SPACE_BODIES.made }),
    of('GET /spaces', 'Lists the spaces that the token opens'),
    of('GET /spaces/{id}', 'Shows a space'),
    of('DELETE /spaces/{id}', 'Removes a space, with all that it had', { body: SPACE_BODIES.removed }),
    of('GET /nodes', 'Lists the nodes of a cluster'),
    of('PATCH /nodes/{id}', 'Drains a node, or lets it take spaces again', { body: NODE_BODIES.drained }),
    of(`GET ${SPACE}/sources`, 'Lists the sources'),
    of(`POST ${SPACE}/sources`, 'Makes a source', { body: SOURCE_BODIES.made }),
    of(`GET ${source}`, 'Shows a source'),
    of(`PATCH ${source}`, 'Changes a source', { body: SOURCE_BODIES.changed }),
    of(`DELETE ${source}`, 'Removes a source'),
    of(`POST ${source}/rotate-key`, 'Makes a new write key', { body: SOURCE_BODIES.rotated }),
    of(`GET ${source}/rejections`, 'Lists its last refused calls', { query: ['code', 'count'] }),
    of(`GET ${source}/calls`, 'Its calls as they come', { answer: STREAM }),
    of(`GET ${SPACE}/tokens`, 'Lists the access tokens'),
    of(`POST ${SPACE}/tokens`, 'Makes an access token', { body: NewToken }),
    of(`DELETE ${SPACE}/tokens/{id}`, 'Revokes an access token'),
    of(`POST ${SPACE}/import`, "Makes what objects of Segment's Public API have, as far as it can be moved", {
      query: ['dryRun'],
    }),
    of(`GET ${SPACE}/settings`, 'How much the space keeps'),
    of(`PATCH ${SPACE}/settings`, 'Chooses how much the space keeps', { body: SETTINGS }),
    of(`GET ${SPACE}/backup`, 'All of the space, as of this instant, as a file for `rollcall restore`', {
      answer: 'application/octet-stream',
    }),
    of(`GET ${SPACE}/audit-log`, 'Lists changes, with the token that asked for each', { query: ['next', ...PAGE] }),
    of(`GET ${SPACE}/observed/events`, 'Lists events that have come lately', { query: ['search', 'limit'] }),
    of(`GET ${SPACE}/observed/events/{name}/properties`, 'Lists properties of an event'),
    of(`GET ${SPACE}/observed/traits`, 'Lists traits that have come lately', { query: ['collection'] }),
    of(`GET ${SPACE}/transitions`, 'Transitions as they go live', { query: ['lastEventId'], answer: STREAM }),
    of('POST /regulations', 'Deletes or suppresses many users', { body: NewRegulation }),
    of('GET /regulations', 'Lists regulations', { query: [...PAGE, 'status', 'regulationTypes'] }),
    of('GET /regulations/{id}', 'Shows a regulation'),
    of('DELETE /regulations/{id}', 'Drops what is still to be done of a regulation'),
    of('GET /suppressions', 'Lists suppressed ids', { query: PAGE }),
  ]
}

function ofConsole(): Operation[] {
  const of = operation('Console', 'none')
  const credential = 'access token'
  return [
    of('GET /app/session', 'Says who is signed in', { credential }),
    of('POST /app/session', 'Signs a browser in, by an access token', { body: NewSession }),
    of('DELETE /app/session', 'Signs it out'),
    of('GET /app/demonstration', 'Says if there is a demonstration shop, and how much of its past has come in', {
      credential,
    }),
    of('POST /app/demonstration', 'Makes the demonstration shop, a space of its own', { credential }),
    of('DELETE /app/demonstration', 'Removes it, with all that it had', { credential }),
  ]
}

function health(): Operation[] {
  const of = operation('Health', 'none')
  return [
    of('GET /healthz', 'Answers while the process is alive'),
    of('GET /readyz', 'Answers 200 while input is taken'),
    of('GET /metrics', 'Metrics for Prometheus', { answer: 'text/plain' }),
    of('GET /openapi.json', 'This description'),
    of('GET /docs', 'The same, to be read', { answer: 'text/html' }),
  ]
}

export const OPERATIONS: readonly Operation[] = [
  ...ingestion(),
  ...profiles(),
  ...definitions('audiences'),
  ...definitions('computed-traits'),
  ...destinations(),
  ...administration(),
  ...ofConsole(),
  ...health(),
]
