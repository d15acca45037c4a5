/** The difference between two states of a thing, field by field. */

export interface FieldChange {
  /** `settings.url` */
  readonly path: string
  /** Undefined: it was not there. */
  readonly before: string | undefined
  /** Undefined: it is gone. */
  readonly after: string | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** Fields that say nothing that is not said beside them. */
const LEFT_OUT: ReadonlySet<string> = new Set(['id', 'updatedAt', 'createdAt'])

export function differenceOf(before: Fields | undefined, after: Fields | undefined): FieldChange[] {
  const [old, young] = [new Map(textsOf(before ?? {}, '')), new Map(textsOf(after ?? {}, ''))]
  const paths = [...new Set([...old.keys(), ...young.keys()])]
  return paths
    .map((path) => ({ path, before: old.get(path), after: young.get(path) }))
    .filter((change) => change.before !== change.after)
}

/** Objects are gone into; lists and all else are one text. */
function textsOf(fields: Fields, prefix: string): [path: string, text: string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    const path = prefix + name
    if (LEFT_OUT.has(path) || value === undefined || value === '') return []
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return textsOf(value as Fields, `${path}.`)
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]]
  })
}
