/** Answers of the API about a space itself. Instants are ISO 8601. */
import type { Role } from '../../api/answers.ts'

export interface TokenAnswer {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly createdAt: string
}

export const RETENTION_NAMES = ['historyDays', 'historyEventsMax', 'anonymousDays', 'profilesMax'] as const
export type RetentionName = (typeof RETENTION_NAMES)[number]

/** Null: without a bound. */
export type RetentionAnswer = Readonly<Record<RetentionName, number | null>> & {
  /** Those that the space has chosen; the others are as the server has them for all. */
  readonly chosen: readonly RetentionName[]
}

export interface ChangeAnswer {
  readonly number: number
  readonly at: string
  /** The id of a token. */
  readonly by: string
  readonly action: string
  readonly thing: string
  readonly id: string
  readonly before?: Readonly<Record<string, unknown>>
  readonly after?: Readonly<Record<string, unknown>>
}

export interface ImportedObject {
  readonly kind: string
  readonly key?: string
  readonly name?: string
  readonly type?: string
  readonly id?: string
}

export interface RefusedObject extends ImportedObject {
  readonly code: string
  readonly message: string
}

export interface ImportAnswer {
  readonly created: readonly ImportedObject[]
  readonly unchanged: readonly ImportedObject[]
  readonly refused: readonly RefusedObject[]
  readonly missingSecrets: readonly (ImportedObject & { readonly missing: readonly string[] })[]
}

export interface NewSpaceAnswer {
  readonly id: string
  readonly name: string
  readonly accessToken: string
  readonly writeKey: string
}
