/** The roles of access tokens, from the one that may most. */
export const ROLES = ['admin', 'editor', 'viewer'] as const

/** An admin may do all; an editor may not change tokens, sources, settings and people; a viewer changes nothing. */
export type Role = (typeof ROLES)[number]

/** A token of a space, as far as requests need to know it. */
export interface SpaceToken {
  /** `tok_…`. */
  readonly id: string
  readonly role: Role
}
