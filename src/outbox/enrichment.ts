import type { JsonObject, JsonValue } from '../model/json.ts'

/**
 * Returns the traits that a connection adds, under their names at the destination; undefined if the profile has none.
 */
export function enrichmentOf(
  traits: Readonly<Record<string, string>>,
  read: (key: string) => JsonValue | undefined,
): JsonObject | undefined {
  const found: JsonObject = {}
  let isEmpty = true
  for (const key of Object.keys(traits)) {
    const value = read(key)
    if (value === undefined || value === null) continue
    found[traits[key]!] = value
    isEmpty = false
  }
  return isEmpty ? undefined : found
}
