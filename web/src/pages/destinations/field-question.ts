/**
 * Questions to a tool for the values that a field of an action may have, as only the tool knows its lists and its
 * events, and what becomes of the field once one is chosen.
 */
import type { ActionField, JsonObject, JsonValue } from './answers.ts'

export interface FieldQuestion {
  /** As the API asks it: `list_id`, `list_details.list_name`. */
  readonly field: string
  /** The label of the field, or of its part. */
  readonly label: string
  /** Where the value goes: it is the field's, one more of its list, that of a part, or the name of a new part. */
  readonly place: 'value' | 'item' | 'part' | 'key'
  readonly isNumber: boolean
}

/** Lists the questions of a field whose values the tool lists: one of itself, or one of each part that has such. */
export function questionsOf(field: ActionField): FieldQuestion[] {
  const { key, label, type, multiple = false, properties = [] } = field
  if (type !== 'object') return [{ field: key, label, place: multiple ? 'item' : 'value', isNumber: isNumber(field) }]
  // A list of objects is edited as JSON: no choice says of which of them it is.
  if (multiple) return []
  const parts = properties.filter(({ dynamic }) => dynamic)
  if (properties.length === 0) return [{ field: `${key}.__keys__`, label, place: 'key', isNumber: false }]
  return parts.map((part) => ({
    field: `${key}.${part.key}`,
    label: `${label}: ${part.label}`,
    place: 'part',
    isNumber: isNumber(part),
  }))
}

/** Returns the value of a field once a choice is taken for one of its questions. */
export function withChoice(
  { field, place }: Pick<FieldQuestion, 'field' | 'place'>,
  before: JsonValue | undefined,
  chosen: JsonValue,
): JsonValue {
  const part = field.slice(field.indexOf('.') + 1)
  switch (place) {
    case 'value':
      return chosen
    case 'item':
      return withItem(Array.isArray(before) ? before : [], chosen)
    case 'part':
      return { ...objectIn(before), [part]: chosen }
    case 'key': {
      const name = typeof chosen === 'string' ? chosen : JSON.stringify(chosen)
      return { [name]: '', ...objectIn(before) }
    }
  }
}

/** Reads what was typed in the place of a choice. */
export function typedChoice({ isNumber }: Pick<FieldQuestion, 'isNumber'>, text: string): JsonValue {
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text
}

function isNumber({ type }: ActionField): boolean {
  return type === 'number' || type === 'integer'
}

function withItem(items: readonly JsonValue[], chosen: JsonValue): JsonValue[] {
  const isThere = items.some((item) => JSON.stringify(item) === JSON.stringify(chosen))
  return isThere ? [...items] : [...items, chosen]
}

/** A directive reads the whole field from the call: a part of one's own takes its place. */
function objectIn(value: JsonValue | undefined): JsonObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject && !Object.keys(value).some((name) => name.startsWith('@')) ? value : {}
}
