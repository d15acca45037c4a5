/** Sizes of a bench, from the environment. */

/** The positive integer that a variable holds, or the default where it is not set. */
export function setting(name: string, byDefault: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return byDefault
  const value = Number(text)
  if (!Number.isInteger(value) || value <= 0) throw new Error(`${name}: expected a positive integer, got '${text}'`)
  return value
}
