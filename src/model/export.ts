/** Exports: files of the members of an audience, or of those who have a computed trait, as of one instant. */
import type { DefinitionSource } from './definition.ts'
import type { ExternalId } from './external-id.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { Collection } from './trait-catalogue.ts'

/** The forms of a file; the first three are CSV. */
export const EXPORT_FORMATS = ['formatted', 'unformatted', 'single', 'ndjson', 'parquet'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export interface ExportRequest {
  readonly source: DefinitionSource
  /** Rows are of users, or of accounts. An audience of accounts has rows of either. */
  readonly collection: Collection
  readonly format: ExportFormat
  /** The types of id that are written, in this order; undefined: all. Of `single` it is one. */
  readonly ids: readonly string[] | undefined
  /** Names of traits that are written. */
  readonly traits: readonly string[]
  /** True if the values of `single` are written as their SHA-256. */
  readonly isHashed: boolean
  /** True if a CSV file begins with a byte order mark. */
  readonly hasBom: boolean
}

/** A member as an export has it, and as a line of NDJSON. */
export interface ExportedMember {
  /** `user_id:u1`. */
  readonly id: string
  readonly externalIds: readonly ExternalId[]
  /** The value, of a computed trait. */
  readonly value?: JsonValue
  readonly traits: JsonObject
}

/** An export that is complete. */
export interface ExportFile {
  /** `exp_…`. */
  readonly id: string
  readonly request: ExportRequest
  readonly directory: string
  readonly name: string
  readonly members: number
  /** The instant that it is of, epoch ms. */
  readonly asOf: number
}

/** Traits that are written or shown of each member. */
export const SHOWN_TRAITS_MAX = 50

/** Members from some place of the space on. */
export interface MemberPage {
  readonly members: readonly ListedMember[]
  /** The place that the next page begins at; undefined after the last. */
  readonly next: number | undefined
}

export interface ListedMember extends ExportedMember {
  readonly segmentId: string
  /** When it would leave by itself, epoch ms; undefined if it would not. */
  readonly until: number | undefined
}
