/** A change of a space's configuration, or of its people, as the audit log has it. */

export type ChangedThing =
  | 'audience'
  | 'computed_trait'
  | 'token'
  | 'source'
  | 'destination'
  | 'connection'
  | 'activation'
  | 'profile'
  | 'regulation'
  | 'settings'

export interface AuditedChange {
  /** Counts the changes of the space from 1. */
  readonly number: number
  /** Epoch ms. */
  readonly at: number
  /** The id of the token that asked for it. */
  readonly by: string
  readonly action: 'create' | 'update' | 'delete' | 'resync' | 'approve' | 'reject' | 'resend' | 'unlink'
  readonly thing: ChangedThing
  readonly id: string
  readonly before?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
}
