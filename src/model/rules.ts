/**
 * Versions of the rules by which an entry of the journal is read, identified and settled. A change of Rollcall that
 * would make something else of an old entry raises the version, and keeps the older rules: a journal replays as it was
 * live. The command `use rules` in the journal says from which entry on a version holds; before the first one it is 1.
 *
 * - 1: the first.
 * - 2: `ga_client_id` and `braze_id` are taken from a call's context.
 * - 3: windows count all their events, however many are kept.
 * - 4: definitions change in steps, beside the entries that follow.
 * - 5: deliveries go by own ids, which are given once, and not by names.
 * - 6: a user that is linked to an account again is told of its values anew.
 * - 7: a given consent is told to each destination of a definition by itself.
 * - 8: destinations that delete people are told of whoever is deleted by a delivery of its own.
 */
import type { IdentityRules } from './external-id.ts'

/** The version that holds for new entries. */
export const RULES_VERSION = 8
export const FIRST_RULES_VERSION = 1

/** The identity rules as they were in a version. */
export function identityRulesOf(version: number, newest: IdentityRules): IdentityRules {
  return version >= 2 ? newest : { ...newest, takesIntegrationIds: false }
}

/** True if windows go on counting events that are no longer kept. */
export function doWindowsCountAll(version: number): boolean {
  return version >= 3
}

/** True if deliveries that are made know the own ids of what they are about. */
export function doDeliveriesHaveOwnIds(version: number): boolean {
  return version >= 5
}

/** True if calls tell one link of a user to an account from a later one. */
export function doLinksTellAnew(version: number): boolean {
  return version >= 6
}

/** True if what one connection of a definition has told a user does not count as told by the others. */
export function areConnectionsToldApart(version: number): boolean {
  return version >= 7
}

/** True if whoever is deleted is deleted at destinations too, though no value of it ends with that. */
export function areDeletionsTold(version: number): boolean {
  return version >= 8
}

/** Throws an Error that says what to do if this program does not know the version. */
export function checkRulesVersion(version: number): void {
  if (Number.isInteger(version) && version >= FIRST_RULES_VERSION && version <= RULES_VERSION) return
  throw new Error(
    `rules: the journal uses version ${version}, and this program knows up to ${RULES_VERSION}: ` +
      'start the version of Rollcall that wrote it, or a later one',
  )
}
