/** Turns an audience or computed trait of Segment into the body of the request that makes the same one here. */
import { EngineError, kindOf } from '../model/errors.ts'
import type { DefinitionKind } from '../model/space-command.ts'
import { type Fields, isFields } from './segment-object.ts'

const OPTIONS: Readonly<Record<DefinitionKind, readonly string[]>> = {
  audience: ['includeHistoricalData', 'includeAnonymousUsers', 'filterByExternalIds', 'backfillEventDataDays'],
  computed_trait: ['includeHistoricalData', 'includeAnonymousUsers', 'backfillDurationDays'],
}

/**
 * Leaves out what Segment says of it besides. The body is as Segment has it, and is to be checked as any other. Throws
 * an EngineError, `type_unsupported` for what has no query or is of a type that there is not.
 */
export function definitionBody(kind: DefinitionKind, value: Fields): Fields {
  const { name, key, description, enabled } = value
  const definition = isFields(value['definition']) ? value['definition'] : {}
  const type = typeOf(kind, value, definition)
  const query = definition['query'] ?? undefined
  if (query === undefined)
    throw unsupported('definition.query', 'expected a query, got nothing: SQL traits and predictions have none')
  if (typeof key !== 'string')
    throw new EngineError('validation_error', `key: expected string, got ${kindOf(key)}`, 'key')
  const options = isFields(value['options']) ? value['options'] : {}
  const kept = Object.fromEntries(OPTIONS[kind].map((option) => [option, options[option]]))
  return given({
    name,
    key,
    description,
    enabled,
    definition: given(kind === 'audience' ? { query } : { type, query }),
    ...(kind === 'audience' && { audienceType: type }),
    options: given(kept),
  })
}

/** Makes the refusal of what there is not here. */
export function unsupported(field: string, message: string): EngineError {
  return new EngineError('type_unsupported', `${field}: ${message}`, field)
}

function typeOf(kind: DefinitionKind, { audienceType }: Fields, definition: Fields): unknown {
  const isOfAudience = kind === 'audience' && audienceType !== undefined
  const [field, type] = isOfAudience ? ['audienceType', audienceType] : ['definition.type', definition['type']]
  const isKnown = type === undefined || type === null || type === 'USERS' || type === 'ACCOUNTS'
  if (isKnown) return type
  throw unsupported(field, 'expected USERS or ACCOUNTS, got another type')
}

/** Segment has null where it has nothing. */
function given(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}
