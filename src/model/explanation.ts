/** Explanations: why an actor has a value, condition by condition. */
import type { JsonValue } from './json.ts'

/** Events that are shown of one condition, and occurrences and users likewise. */
export const EXPLAINED_MAX = 10

export interface EventReference {
  readonly messageId: string
  /** Event time, epoch ms. */
  readonly ts: number
}

/** A condition as it is judged now. */
export interface ExplainedCondition {
  /** Its place in the query: from its first to behind its last character, in UTF-16 code units. */
  readonly start: number
  readonly end: number
  readonly holds: boolean
  /** The left side of a comparison; the number of users who meet a quantifier's condition; otherwise `holds`. */
  readonly value: JsonValue
  /** The events behind the value, newest first. */
  readonly events: readonly EventReference[]
  /** When it turns by itself if nothing else happens, epoch ms; undefined if it does not, or not soon. */
  readonly changesAt: number | undefined
  /** Absent if it holds: what would make it hold, in plain English. */
  readonly wants: string | undefined
  /** The conditions that a junction joins. */
  readonly of?: readonly ExplainedCondition[]
  /** For a `where`: events that may pass it, newest first. */
  readonly occurrences?: readonly ExplainedOccurrence[]
  /** For a quantifier: users that decide it. */
  readonly users?: readonly ExplainedUser[]
}

/** An event, with the conditions of the `where` as they are judged for it. */
export interface ExplainedOccurrence extends EventReference {
  /** When it leaves the windows of the stream, epoch ms; undefined if it stays. */
  readonly leavesAt: number | undefined
  readonly holds: boolean
  readonly changesAt: number | undefined
  readonly of: readonly ExplainedCondition[]
}

/** A user of an account, with the condition of the quantifier as it is judged for it. */
export interface ExplainedUser {
  /** `user_id:u1`. */
  readonly id: string
  readonly holds: boolean
  readonly changesAt: number | undefined
  readonly of: readonly ExplainedCondition[]
}

export interface Explanation {
  readonly value: JsonValue
  /** The definition in plain English. */
  readonly text: string
  readonly changesAt: number | undefined
  /** False for a user that has no id of the types that the audience asks for; then it is no member anyway. */
  readonly isEligible: boolean
  /** If the value counts only events since then, epoch ms, as older ones are no longer kept. */
  readonly exactSince?: number | undefined
  /** Those of the outermost AND; else one. */
  readonly conditions: readonly ExplainedCondition[]
}
