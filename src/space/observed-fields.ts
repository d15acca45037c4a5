/**
 * The fields of some objects, as far as a sample of them shows: their paths, types and frequent values. Bounded: beyond
 * so many paths, no further ones are taken up; a field of many values has none that are frequent.
 */
import type { JsonObject, JsonValue } from '../model/json.ts'
import { FIELD_TYPES, type FieldType, type ObservedField } from '../model/observed.ts'
import { parseInstant } from '../model/time.ts'

/** The first objects are all looked at, then one of so many. */
const ALL_UNTIL = 200
const ONE_OF = 128
/** After so many samples each counts half: what is no more fades. */
const SAMPLES_MAX = 2_000
const PATHS_MAX = 100
const DEPTH_MAX = 3
const NAME_LENGTH_MAX = 100
/** Entries of an array that are looked into. */
const ENTRIES_MAX = 3
const VALUES_MAX = 20
const TEXT_LENGTH_MAX = 60

interface Field {
  present: number
  /** By type, in the order of `FIELD_TYPES`. */
  readonly types: number[]
  /** Undefined if there are too many. */
  values: Map<JsonValue, number> | undefined
}

type StoredField = readonly [
  path: string,
  present: number,
  types: readonly number[],
  values: readonly (readonly [JsonValue, number])[] | null,
]

/** As a checkpoint has it. */
export interface ObservedFieldsState {
  readonly seen: number
  readonly samples: number
  readonly fields: readonly StoredField[]
}

export class ObservedFields {
  readonly #fields = new Map<string, Field>()
  #seen = 0
  #samples = 0

  static of({ seen, samples, fields }: ObservedFieldsState): ObservedFields {
    const observed = new ObservedFields()
    observed.#seen = seen
    observed.#samples = samples
    for (const [path, present, types, values] of fields)
      observed.#fields.set(path, { present, types: [...types], values: values ? new Map(values) : undefined })
    return observed
  }

  state(): ObservedFieldsState {
    const fields = Array.from(this.#fields, ([path, { present, types, values }]): StoredField => [
      path,
      present,
      [...types],
      values ? [...values] : null,
    ])
    return { seen: this.#seen, samples: this.#samples, fields }
  }

  /** Counts an object, and looks at it if it is one of the sample. */
  observe(object: JsonObject): void {
    this.#seen++
    if (this.#seen > ALL_UNTIL && this.#seen % ONE_OF !== 0) return
    if (this.#samples >= SAMPLES_MAX) this.#fade()
    this.#samples++
    const seen = new Set<string>()
    this.#visit(object, '', 1, seen)
    for (const path of seen) this.#fields.get(path)!.present++
  }

  /** Forgets all values; those that come later are counted again. */
  forgetValues(): void {
    for (const field of this.#fields.values()) field.values?.clear()
  }

  /** Lists the fields, those that most objects have first. */
  list(): ObservedField[] {
    return Array.from(this.#fields, ([path, field]) => this.#shown(path, field)).sort(
      (a, b) => b.present - a.present || (a.path < b.path ? -1 : 1),
    )
  }

  #shown(path: string, { present, types, values }: Field): ObservedField {
    const all = types.reduce((sum, count) => sum + count, 0)
    const byShare = <Item>(counts: readonly (readonly [Item, number])[], total: number) =>
      counts
        .filter(([, count]) => count > 0)
        .sort((a, b) => b[1] - a[1])
        .map(([item, count]) => [item, count / total] as const)
    const shownTypes = byShare(
      FIELD_TYPES.map((type, index) => [type, types[index]!] as const),
      all,
    )
    return {
      path,
      present: present / this.#samples,
      types: shownTypes.map(([type, share]) => ({ type, share })),
      ...(values &&
        values.size > 0 && { values: byShare([...values], all).map(([value, share]) => ({ value, share })) }),
    }
  }

  #visit(object: JsonObject, prefix: string, depth: number, seen: Set<string>): void {
    for (const [key, value] of Object.entries(object)) {
      const path = prefix + key.replaceAll('\\', '\\\\').replaceAll('.', '\\.')
      if (path.length > NAME_LENGTH_MAX) continue
      const field = this.#fieldOf(path)
      if (!field) continue
      seen.add(path)
      this.#count(field, value)
      if (depth === DEPTH_MAX) continue
      const within = Array.isArray(value) ? value.slice(0, ENTRIES_MAX) : [value]
      for (const one of within) if (isObject(one)) this.#visit(one, `${path}.`, depth + 1, seen)
    }
  }

  #fieldOf(path: string): Field | undefined {
    const known = this.#fields.get(path)
    if (known || this.#fields.size >= PATHS_MAX) return known
    const field: Field = { present: 0, types: FIELD_TYPES.map(() => 0), values: new Map() }
    this.#fields.set(path, field)
    return field
  }

  #count(field: Field, value: JsonValue): void {
    const type = typeOf(value)
    field.types[FIELD_TYPES.indexOf(type)]!++
    if (!field.values || type === 'array' || type === 'object' || type === 'null') return
    const isKnown = field.values.has(value)
    const isLong = typeof value === 'string' && value.length > TEXT_LENGTH_MAX
    if (!isKnown && (isLong || field.values.size >= VALUES_MAX)) field.values = undefined
    else field.values.set(value, (field.values.get(value) ?? 0) + 1)
  }

  #fade(): void {
    this.#samples = Math.floor(this.#samples / 2)
    for (const [path, field] of this.#fields) {
      field.present = Math.floor(field.present / 2)
      for (const [index, count] of field.types.entries()) field.types[index] = Math.floor(count / 2)
      for (const [value, count] of field.values ?? [])
        if (count < 2) field.values!.delete(value)
        else field.values!.set(value, Math.floor(count / 2))
      if (field.present === 0) this.#fields.delete(path)
    }
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function typeOf(value: JsonValue): FieldType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value !== 'string') return typeof value as FieldType
  return parseInstant(value) === undefined ? 'string' : 'date'
}
