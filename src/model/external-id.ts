/** Ids by which calls name profiles, and the rules by which calls that share ids become one profile. */

export interface ExternalId {
  readonly type: string
  readonly value: string
}

export interface IdentityRules {
  /** True for a value that is never taken as an id. */
  readonly isBlocked: (value: string) => boolean
  /** Types in order of priority; types not named follow alphabetically. */
  readonly priority: readonly string[]
  /** Most ids per type on one profile; `limitOther` for types not named. */
  readonly limits: Readonly<Record<string, number>>
  readonly limitOther: number
  /** Beyond these, a profile takes no further merge or id. */
  readonly mergesMax: number
  readonly idsMax: number
  /** True if a call's context names a user by the ids of Google Analytics and Braze, too. */
  readonly takesIntegrationIds: boolean
}

/** Segment's suggested block list: `^[0-]*$`, `-1`, `null`, `anonymous`. */
function isBlockedByDefault(value: string): boolean {
  // A set of these words would take the hash of every id.
  if (value === '-1' || value === 'null' || value === 'anonymous') return true
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if (code !== 48 && code !== 45) return false
  }
  return true
}

export const DEFAULT_IDENTITY_RULES: IdentityRules = {
  isBlocked: isBlockedByDefault,
  priority: ['user_id', 'email'],
  limits: { user_id: 1 },
  limitOther: 5,
  mergesMax: 100,
  idsMax: 1000,
  takesIntegrationIds: true,
}

/** Returns an id's value in the form in which it is stored and looked up: emails are trimmed and in lower case. */
export function canonicalId(type: string, value: string): string {
  return type === 'email' ? value.trim().toLowerCase() : value
}

/** Orders two id types by priority: negative if `a` comes first. */
export function compareIdTypes(rules: IdentityRules, a: string, b: string): number {
  if (a === b) return 0
  const [rankA, rankB] = [rankOf(rules, a), rankOf(rules, b)]
  return rankA !== rankB ? rankA - rankB : a < b ? -1 : 1
}

function rankOf(rules: IdentityRules, type: string): number {
  const rank = rules.priority.indexOf(type)
  return rank < 0 ? rules.priority.length : rank
}
