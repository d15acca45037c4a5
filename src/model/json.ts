/** JSON as traits, properties and settings hold it. */

/** Any JSON value; what traits and properties hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

export type JsonObject = Record<string, JsonValue>
