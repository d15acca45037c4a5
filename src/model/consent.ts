/** Consent: what a person has allowed, by category, as Segment's SDKs send it; and what a destination asks for. */
import type { JsonObject } from './json.ts'

/** By category: allowed or not. */
export type Consent = Readonly<Record<string, boolean>>

/** Under this name, which calls cannot set, the consent of a user is kept beside its traits. */
export const CONSENT_KEY = '\0consent'

/** The consent without which a destination is told nothing of a user. */
export interface RequiredConsent {
  readonly categories: readonly string[]
  /** The rule for a category that nothing is known of. */
  readonly unknown: 'allowed' | 'refused'
}

/** Reads the consent of a call: `context.consent.categoryPreferences`. Undefined if it says nothing. */
export function readConsent(context: JsonObject): Consent | undefined {
  const consent = objectOf(context['consent'])
  const preferences = consent && objectOf(consent['categoryPreferences'])
  if (!preferences) return undefined
  return Object.fromEntries(
    Object.entries(preferences).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean'),
  )
}

/** True if a user's consent is enough for a destination. */
export function isConsented(consent: Consent | undefined, required: RequiredConsent | undefined): boolean {
  if (!required) return true
  return required.categories.every((category) =>
    consent && Object.hasOwn(consent, category) ? consent[category] : required.unknown === 'allowed',
  )
}

function objectOf(value: JsonObject[string] | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}
