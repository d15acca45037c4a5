/** The part of a JSON Schema of settings that a form needs: how each is edited, its words, and what has changed. */
import { type JsonObject, type JsonValue, MASK, type Schema } from './answers.ts'

export type Control = 'text' | 'long text' | 'number' | 'boolean' | 'enum' | 'list' | 'group' | 'json'

/** Texts that may be longer stand in a field of several lines. */
const LINE_MAX = 20_000
const WORDS: Readonly<Record<string, string>> = {
  url: 'URL',
  api: 'API',
  tls: 'TLS',
  sasl: 'SASL',
  ca: 'CA',
  id: 'ID',
  oauth: 'OAuth',
}

/** Says how a setting is edited; all that has no control of its own is JSON. */
export function controlOf({ type, enum: choices, items, properties, maxLength = 0 }: Schema): Control {
  if (choices?.every((choice) => typeof choice === 'string')) return 'enum'
  if (type === 'string') return maxLength > LINE_MAX ? 'long text' : 'text'
  if (type === 'number' || type === 'integer') return 'number'
  if (type === 'boolean') return 'boolean'
  if (type === 'array' && items?.type === 'string' && !items.enum) return 'list'
  if (type === 'object' && properties) return 'group'
  return 'json'
}

/** Returns the label of a setting: `requestsPerSecond` is "Requests per second". */
export function labelOf(name: string, { title }: Schema): string {
  if (title !== undefined) return title
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_]+/)
    .map((word) => WORDS[word] ?? word)
  const text = words.join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Lists the settings of a schema, the required ones first. */
export function settingsOf({
  properties = {},
  required = [],
}: Schema): { name: string; schema: Schema; isRequired: boolean }[] {
  const all = Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    isRequired: required.includes(name),
  }))
  return [...all.filter(({ isRequired }) => isRequired), ...all.filter(({ isRequired }) => !isRequired)]
}

/** Returns the settings that a change has to name: others than before, and null for those that are no more. */
export function changesOf(before: JsonObject, after: JsonObject): JsonObject {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  const changed = [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return Object.fromEntries(changed.map((name) => [name, after[name] ?? null]))
}

/** Returns the settings with one of them replaced, or left out if it is undefined. */
export function withSetting(values: JsonObject, name: string, value: JsonValue | undefined): JsonObject {
  const others = without(values, name)
  return value === undefined ? others : { ...others, [name]: value }
}

/** Returns settings, or a mapping, without one of their names. */
export function without(values: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([own]) => own !== name))
}

/** True for a secret that is held, and is not shown. */
export function isHeld(value: JsonValue | undefined): boolean {
  return value === MASK
}

/** A refusal that names a field. */
export interface FieldProblem {
  /** `settings.oauth.clientId` */
  readonly path: string
  readonly message: string
}

/** Returns what is wrong at a place, without its path; undefined if that is elsewhere. */
export function problemAt(
  problem: FieldProblem | undefined,
  path: string,
  { isGroup = false } = {},
): string | undefined {
  if (!problem) return undefined
  const isHere = problem.path === path || (!isGroup && problem.path.startsWith(`${path}.`))
  if (!isHere) return undefined
  const prefix = `${problem.path}: `
  return problem.message.startsWith(prefix) ? sentence(problem.message.slice(prefix.length)) : problem.message
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
