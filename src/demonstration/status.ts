/** The state of the demonstration, as it is shown. */

/** The id of its space. */
export const DEMONSTRATION_ID = 'demonstration'

export type DemonstrationStatus =
  | { readonly status: 'none' }
  /** Its past is coming in; `share` of it, from 0 to 1, is there. */
  | { readonly status: 'filling'; readonly spaceId: string; readonly share: number }
  | { readonly status: 'live'; readonly spaceId: string }
