import type { JsonObject, JsonValue } from '../model/json.ts'

/** The traits that a connection adds, by the names that they have there; those that there are. */
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
