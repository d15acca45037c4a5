/**
 * Checks a mapping against the fields of its action, without the package: a field that the action does not have, a
 * directive that the kit does not know, a required field that is not mapped, a value of the wrong type.
 */
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type { CatalogueAction, Field } from './catalogue.ts'

/** A fault, by its place in the mapping. */
export interface MappingFault {
  readonly path: readonly string[]
  readonly message: string
}

/** The kit's directives, and what each may be given. */
const DIRECTIVES: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  '@path': isText,
  '@template': isText,
  '@literal': () => true,
  '@liquid': isText,
  '@excludeWhenNull': () => true,
  '@if': (value) => isObject(value) && ('exists' in value || 'blank' in value),
  '@case': (value) => isObject(value) && 'operator' in value,
  '@replace': (value) => isObject(value) && 'pattern' in value,
  '@arrayPath': (value) => Array.isArray(value) && value.length > 0,
  '@flatten': (value) => isObject(value) && 'value' in value,
  '@json': (value) => isObject(value) && 'mode' in value,
  '@merge': (value) => isObject(value) && Array.isArray(value['objects']),
  '@transform': (value) => isObject(value) && 'apply' in value && 'mapping' in value,
}

/** Kept by the kit for itself: the mode of a sync, and what hooks have stored. */
const INTERNAL = /^(__segment_internal_\w+|onMappingSave|retlOnMappingSave)$/
const DEPTH_MAX = 32

export function mappingFault(action: CatalogueAction, mapping: JsonObject): MappingFault | undefined {
  const fields = new Map(action.fields.map((field) => [field.key, field]))
  for (const [key, value] of Object.entries(mapping)) {
    if (INTERNAL.test(key)) continue
    const field = fields.get(key)
    if (!field) return { path: [key], message: `expected a field of ${action.key}, got another` }
    const fault = valueFault(value, [key], 0) ?? typeFault(field, value, [key])
    if (fault) return fault
  }
  const missing = action.fields.find(({ key, required }) => required === true && isEmpty(mapping[key]))
  return missing && { path: [missing.key], message: `expected a value, as ${action.key} requires it, got none` }
}

/** The mapping that an action has by itself. */
export function defaultMapping({ fields }: CatalogueAction): JsonObject {
  return Object.fromEntries(
    fields.flatMap((field) => (field.default === undefined ? [] : [[field.key, field.default]])),
  )
}

function valueFault(value: JsonValue, path: readonly string[], depth: number): MappingFault | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth >= DEPTH_MAX) return { path, message: `expected at most ${DEPTH_MAX} levels, got more` }
  const directives = isObject(value) ? Object.keys(value).filter((key) => key.startsWith('@')) : []
  const [directive] = directives
  if (isObject(value) && directive !== undefined) {
    const others = Object.keys(value).filter((key) => key !== directive && key !== '_metadata')
    if (others.length > 0) return { path, message: `expected ${directive} alone, got ${others[0]} beside it` }
    const accepts = Object.hasOwn(DIRECTIVES, directive) ? DIRECTIVES[directive] : undefined
    const known = Object.keys(DIRECTIVES).join(', ')
    if (!accepts) return { path, message: `expected one of ${known}, got ${directive.slice(0, 40)}` }
    if (!accepts(value[directive]!))
      return { path: [...path, directive], message: 'expected the content that the kit asks for' }
  }
  for (const [key, held] of Object.entries(value)) {
    const fault = valueFault(held, [...path, key], depth + 1)
    if (fault) return fault
  }
  return undefined
}

/** Only what is said in the mapping itself can be checked: what a directive finds is checked with each call. */
function typeFault(
  { type, choices, multiple }: Field,
  value: JsonValue,
  path: readonly string[],
): MappingFault | undefined {
  if (isEmpty(value) || typeof value === 'object' || multiple === true) return undefined
  if (choices) {
    const values = choices.map((choice) => (typeof choice === 'string' ? choice : choice.value))
    if (!values.includes(value)) return { path, message: `expected one of ${values.join(', ')}, got another` }
  }
  const expected = type === 'integer' ? 'number' : ['boolean', 'number', 'object'].includes(type) ? type : undefined
  if (expected === undefined || typeof value === expected) return undefined
  // The kit reads '12' as a number, and 'true' as a boolean.
  if (expected === 'number' && typeof value === 'string' && value !== '' && !Number.isNaN(Number(value)))
    return undefined
  if (expected === 'boolean' && (value === 'true' || value === 'false')) return undefined
  return { path, message: `expected a ${type}, got a ${typeof value}` }
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === ''
}

function isText(value: JsonValue): boolean {
  return typeof value === 'string' || isObject(value)
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
