/** Bodies of requests that ask a destination something, checked. */
import { z } from 'zod'
import type { AskedAuthorization } from '../model/destination-admin.ts'
import type { FieldQuestion } from '../model/destination-question.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import type { DefinitionRecord } from '../model/space-command.ts'
import { fields, invalid, parsed } from './fields.ts'

const TEXT_MAX = 2_048
const SCOPES_MAX = 100

const Text = z.string().min(1).max(TEXT_MAX)
const Settings = z.record(z.string(), z.json())

const Sample = {
  type: z.enum(['identify', 'track', 'group']),
  /** Key of an audience or a computed trait, or the id of a connection. */
  audience: Text,
  /** `user_id:u1`; somebody made up by default. */
  profile: Text.optional(),
  value: z.json().optional(),
}

const Rehearsal = fields({ ...Sample, mappings: z.array(z.json()).optional() })
const RehearsalOfDraft = fields({ ...Sample, destination: fields({ type: Text, settings: Settings.default({}) }) })

const Question = fields({
  action: Text,
  field: Text,
  payload: Settings.default({}),
  page: Text.optional(),
})

const Authorization = fields({
  redirectUrl: Text.optional(),
  scopes: z
    .array(z.string().regex(/^[!-~]{1,255}$/, 'expected the name of a scope'))
    .max(SCOPES_MAX)
    .optional(),
})

/** The bodies, for the description of the API. */
export const QUESTION_BODIES = {
  rehearsed: Rehearsal,
  rehearsedDraft: RehearsalOfDraft,
  chosen: Question,
  authorized: Authorization,
} as const

type Rehearsed = z.output<typeof Rehearsal>
export type AskedSample = Pick<Rehearsed, 'type' | 'audience' | 'profile' | 'value'>

export function readRehearsal(body: unknown): { readonly sample: AskedSample; readonly mappings?: JsonValue } {
  const { mappings, ...sample } = parsed(Rehearsal, body)
  return { sample, ...(mappings && { mappings }) }
}

export function readRehearsalOfDraft(body: unknown): {
  readonly sample: AskedSample
  readonly type: string
  readonly settings: JsonObject
} {
  const { destination, ...sample } = parsed(RehearsalOfDraft, body)
  return { sample, ...destination }
}

/** Returns the value that is to be told. Throws an EngineError for a call or a value that the definition never has. */
export function valueOf({ type, value }: AskedSample, { source }: Pick<DefinitionRecord, 'source'>): JsonValue {
  if (type === 'group' && source.type === 'USERS') throw invalid('type', 'expected identify or track, got group')
  if (source.kind === 'computed_trait') {
    if (value === undefined) throw invalid('value', 'expected one of the computed trait, got nothing')
    return value
  }
  if (value !== undefined && typeof value !== 'boolean') throw invalid('value', 'expected true or false, got another')
  return value ?? true
}

export function readQuestion(body: unknown): FieldQuestion {
  return parsed(Question, body)
}

/** @param publicUrl where this server is for browsers, without a slash at its end; undefined if nobody has said */
export function readAuthorization(body: unknown, publicUrl: string | undefined): Omit<AskedAuthorization, 'by'> {
  const { redirectUrl: given, scopes } = parsed(Authorization.prefault({}), body)
  if (given !== undefined && !isRedirectUrl(given))
    throw invalid('redirectUrl', 'expected https://… without credentials and fragment, or http://… of this machine')
  const redirectUrl = given ?? (publicUrl === undefined ? undefined : `${publicUrl}/oauth/callback`)
  if (redirectUrl === undefined) throw invalid('redirectUrl', 'expected an address, as the setting PUBLIC_URL has none')
  return { redirectUrl, scopes }
}

/** True for an address to which a code may be sent (RFC 6749, 3.1.2). */
function isRedirectUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, hash } = new URL(text)
  if (username !== '' || password !== '' || hash !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
}
