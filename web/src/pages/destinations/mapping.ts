/** The setting `mappings` as it is edited: entries, and the values that their fields have if nothing else is said. */
import type { ActionAnswer, CallKind, JsonObject, JsonValue, Mapping, WholeTypeAnswer } from './answers.ts'
import { type FieldQuestion, questionsOf } from './field-question.ts'
import { without } from './schema.ts'

export const CALL_KINDS: readonly CallKind[] = ['entered', 'exited', 'identify', 'computed', 'group']

export const CALL_WORDS: Readonly<Record<CallKind, string>> = {
  entered: 'Somebody enters',
  exited: 'Somebody leaves',
  identify: 'Identify call',
  computed: 'A computed trait changes',
  group: 'Group call, of accounts',
}

/** A field of an action in an entry. */
export interface MappedField {
  readonly key: string
  readonly label: string
  readonly description: string | undefined
  readonly isRequired: boolean
  /** The value that holds without the entry. */
  readonly usual: JsonValue | undefined
  /** The value that the entry gives; undefined: none of its own, null: the field is left out. */
  readonly given: JsonValue | undefined
  /** Questions to the tool for values that it may have. */
  readonly questions: readonly FieldQuestion[]
}

/** Returns the entries that hold without the setting: each kind of call goes to the action that the presets name. */
export function usualMappings({ defaults = {} }: WholeTypeAnswer): Mapping[] {
  return CALL_KINDS.flatMap((kind) => {
    const usual = defaults[kind]
    return usual ? [{ action: usual.action, calls: [kind] }] : []
  })
}

/** Returns the kinds of calls of an entry; without its own, those that the presets send to its action. */
export function callsOf({ action, calls }: Mapping, { defaults = {} }: WholeTypeAnswer): readonly CallKind[] {
  return calls ?? CALL_KINDS.filter((kind) => defaults[kind]?.action === action)
}

/** Lists the fields of an entry, those of its action first. */
export function fieldsOf(entry: Mapping, type: WholeTypeAnswer): MappedField[] {
  const action = actionOf(entry, type)
  const preset = presetOf(entry, type)
  const given = entry.mapping ?? {}
  const own = (action?.fields ?? []).map((field) => ({
    key: field.key,
    label: field.label,
    description: field.description,
    isRequired: field.required ?? false,
    usual: preset ? preset[field.key] : field.default,
    given: given[field.key],
    questions: action?.dynamicFields?.includes(field.key) ? questionsOf(field) : [],
  }))
  const known = new Set(own.map(({ key }) => key))
  const others = [...new Set([...Object.keys(preset ?? {}), ...Object.keys(given)])].filter((key) => !known.has(key))
  return [
    ...own,
    ...others.map((key) => ({
      key,
      label: key,
      description: undefined,
      isRequired: false,
      usual: preset?.[key],
      given: given[key],
      questions: [],
    })),
  ]
}

export function actionOf({ action }: Mapping, { actions = [] }: WholeTypeAnswer): ActionAnswer | undefined {
  return actions.find(({ key }) => key === action)
}

/** Returns an entry with a field changed; undefined takes back what it gives. */
export function withField(entry: Mapping, key: string, value: JsonValue | undefined): Mapping {
  const others = without(entry.mapping ?? {}, key)
  return { ...entry, mapping: value === undefined ? others : { ...others, [key]: value } }
}

/** Returns the values of an entry that are known before any call: a tool may list the choices of a field by others. */
export function knownValues(entry: Mapping, type: WholeTypeAnswer): JsonObject {
  const all = fieldsOf(entry, type).map(({ key, usual, given }) => [key, given === undefined ? usual : given] as const)
  return withoutDirectives(Object.fromEntries(all.flatMap(([key, value]) => (value == null ? [] : [[key, value]]))))
}

function withoutDirectives(values: JsonObject): JsonObject {
  const known = Object.entries(values).flatMap(([key, value]): [string, JsonValue][] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[key, value]]
    return Object.keys(value).some((name) => name.startsWith('@')) ? [] : [[key, withoutDirectives(value)]]
  })
  return Object.fromEntries(known)
}

function presetOf(entry: Mapping, type: WholeTypeAnswer): JsonObject | undefined {
  return callsOf(entry, type)
    .map((kind) => type.defaults?.[kind])
    .find((usual) => usual?.action === entry.action)?.mapping
}
