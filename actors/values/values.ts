/**
 * Values that a path reaches in properties, context or traits, and the forms in which comparators and reducers see
 * them. A path may reach none, one or several values; nulls and missing values are dropped. One value stands for itself
 * (most paths reach one, and a list for each would be paid at every event); several are a `Several`.
 */
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { parseInstant } from '../../src/model/time.ts'

export class Several {
  readonly values: readonly JsonValue[]
  constructor(values: readonly JsonValue[]) {
    this.values = values
  }
}

/** The values that a path reached. A lone array appears only if the reader was asked to take arrays whole. */
export type Reached = undefined | JsonValue | Several

export type PathReader = (root: JsonObject) => Reached

/**
 * Splits a path into its steps: names between dots; `\.` is a dot of the name. Any run of backslashes before a dot
 * escapes it.
 */
export function pathSteps(path: string): string[] {
  const steps: string[] = []
  let step = ''
  for (let index = 0; index < path.length; index++) {
    const escape = /^\\+\./.exec(path.slice(index))?.[0]
    if (escape) {
      step += '.'
      index += escape.length - 1
    } else if (path[index] === '.') {
      steps.push(step)
      step = ''
    } else step += path.charAt(index)
  }
  steps.push(step)
  return steps
}

/** @param whole take an array at the path's end (or before a closing `$`) as one value */
export function compilePath(path: string, whole = false): PathReader {
  return compileSteps(pathSteps(path), whole)
}

export function compileSteps(allSteps: readonly string[], whole = false): PathReader {
  const steps = whole && allSteps.length > 1 && allSteps.at(-1) === '$' ? allSteps.slice(0, -1) : allSteps
  const rest = steps.map((_, index) => steps.slice(index).join('.'))
  const single = steps.length === 1 ? steps[0]! : undefined
  const walk = (value: JsonValue | undefined, index: number, found: JsonValue[]): void => {
    if (value === undefined || value === null) return
    if (index === steps.length) {
      if (Array.isArray(value) && !whole) for (const entry of value) walk(entry, index, found)
      else found.push(value)
      return
    }
    const step = steps[index]!
    if (Array.isArray(value)) {
      if (step === '$') for (const entry of value) walk(entry, index + 1, found)
      else for (const entry of value) if (isObject(entry)) walk(entry, index, found)
      return
    }
    if (!isObject(value)) return
    const exact = rest[index]!
    if (index < steps.length - 1 && Object.hasOwn(value, exact)) walk(value[exact], steps.length, found)
    else if (Object.hasOwn(value, step)) walk(value[step], index + 1, found)
  }
  return (root) => {
    if (single !== undefined) {
      const value = root[single]
      if (typeof value !== 'object' && typeof value !== 'function') return value
    }
    const found: JsonValue[] = []
    walk(root, 0, found)
    return found.length < 2 ? found[0] : new Several(found)
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True if any reached value satisfies the test. */
export function some(reached: Reached, test: (value: JsonValue) => boolean): boolean {
  if (reached === undefined || reached === null) return false
  if (!(reached instanceof Several)) return test(reached)
  for (const value of reached.values) if (test(value)) return true
  return false
}

export function each(reached: Reached, visit: (value: JsonValue) => void): void {
  if (reached === undefined || reached === null) return
  if (!(reached instanceof Several)) visit(reached)
  else for (const value of reached.values) visit(value)
}

/** Returns a stored value as a path to it would reach it. */
export function reachedOf(value: JsonValue | undefined): Reached {
  if (!Array.isArray(value)) return value
  const found: JsonValue[] = []
  const flatten = (entry: JsonValue): void => {
    if (Array.isArray(entry)) entry.forEach(flatten)
    else if (entry !== null) found.push(entry)
  }
  flatten(value)
  return found.length < 2 ? found[0] : new Several(found)
}

/** Returns the text of a value; an object's is its compact JSON. */
export function textOf(value: JsonValue): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Returns a value as a number, numeric strings included; NaN if it is none. */
export function numberOf(value: JsonValue): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && JSON_NUMBER.test(value) ? Number(value) : NaN
}

/** Returns the instant that a value names: ISO 8601 text, or a number of epoch ms. NaN if it names none. */
export function instantOf(value: JsonValue): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? (parseInstant(value) ?? NaN) : NaN
}

/**
 * Compares as the query language does: text exactly, booleans as text ignoring case, otherwise by number, else by text.
 */
export function equalValues(a: JsonValue, b: JsonValue): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b
  if (typeof a === 'boolean' || typeof b === 'boolean') return textOf(a).toLowerCase() === textOf(b).toLowerCase()
  const [x, y] = [numberOf(a), numberOf(b)]
  return Number.isNaN(x) || Number.isNaN(y) ? textOf(a) === textOf(b) : x === y
}

/** Returns a key that equal values share (unequal ones may too), for an index of equalities. */
export function equalityKey(value: JsonValue): string | number {
  if (typeof value === 'boolean') return String(value)
  const number = numberOf(value)
  // An infinite number equals its text; a finite one never equals a text that is no number.
  if (!Number.isNaN(number)) return Number.isFinite(number) ? number : String(number)
  const text = textOf(value)
  const folded = text.length <= 5 ? text.toLowerCase() : text
  return folded === 'true' || folded === 'false' ? folded : text
}

/** True if both are the same JSON. */
export function sameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object') return false
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Orders by UTF-16 code units. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
