/** Previews: how many a definition would have that is not there, and who. */
import type { DefinitionSource } from './definition.ts'
import type { EventReference } from './explanation.ts'
import type { ExternalId } from './external-id.ts'
import type { JsonObject, JsonValue } from './json.ts'

export interface PreviewRequest {
  readonly source: DefinitionSource
  /** The options of the request, as they are shown. */
  readonly options: Readonly<Record<string, unknown>>
  /** The id of the audience that it is compared with. */
  readonly compareWith: string | undefined
  /** The ids of audiences whose overlap is asked for. */
  readonly overlapWith: readonly string[]
  /** Names of traits that are shown of each member of the sample. */
  readonly traits: readonly string[]
  /** The id of the definition that it is a change of; undefined if it is none, or would be disabled. */
  readonly changeOf: string | undefined
}

/** The key of a definition that is previewed and has none; no other definition has such a key. */
export const PREVIEW_KEY = ' preview'

/** Other audiences that a preview can be held against: compared, and for overlap. */
export const PREVIEW_OTHERS_MAX = 12

export interface Estimate {
  readonly count: number
  /** With the other end, an interval that holds the true number 95 times of 100. */
  readonly low: number
  readonly high: number
  /** Their share of all. */
  readonly share: number
}

/** Members of the preview and of another audience. */
export interface Overlap {
  readonly both: number
  readonly onlyThis: number
  readonly onlyOther: number
}

/** The calls that a connection would send because of a change. */
export interface PreviewDelivery {
  readonly destinationId: string
  readonly calls: number
  /** True if it would wait for an approval. */
  readonly held: boolean
}

/** Users or accounts that enter the audience that a preview is compared with, or leave it, by pages. */
export interface PreviewPage {
  readonly members: readonly Pick<PreviewMember, 'id' | 'externalIds' | 'traits'>[]
  /** From where on the next page is; undefined after the last. */
  readonly next: number | undefined
}

/** The way in which a change concerns somebody. */
export type ChangeKind = 'entering' | 'leaving' | 'another value'

export interface ChangeQuery {
  /** From where on. */
  readonly from: number
  readonly limit: number
  /** Names of traits that are shown. */
  readonly traits: readonly string[]
}

/** A condition of a previewed audience, by its place in the query, and how much it cuts. */
export interface PreviewCondition {
  readonly start: number
  readonly end: number
  /** Those who meet it, of all who could be members. */
  readonly meets: number
  /** Members that there would be without it. */
  readonly without: number
  /** For one of several that an OR joins: members through it alone. */
  readonly onlyThrough?: number
}

export interface PreviewMember {
  /** `user_id:u1`. */
  readonly id: string
  readonly externalIds: readonly ExternalId[]
  readonly traits: JsonObject
  /** When it would leave by itself, epoch ms; undefined if it would not. */
  readonly until: number | undefined
  /** The newest events that it is a member for. */
  readonly because: readonly EventReference[]
}

export interface PreviewValues {
  /** Those that have a value. */
  readonly count: number
  /** By share of all from the least on; if all values are numbers. */
  readonly quantiles?: Readonly<Record<string, number>>
  /** Otherwise; the most frequent first. */
  readonly mostFrequent?: readonly { readonly value: JsonValue; readonly count: number }[]
}

export interface PreviewCost {
  readonly nodesAdded: number
  readonly nodesShared: number
  /** The memory that its states would take, in all, about. */
  readonly bytes: number
  readonly microsecondsPerEvent: number
  readonly changesByTimePerDay: number
  /** Infinite if it looks back for ever. */
  readonly historyDays: number
}

/** A minute, and how many would have entered and left within it. */
export interface RecentStep {
  /** When it begins, epoch ms. */
  readonly at: number
  readonly entered: number
  readonly left: number
}

/** The findings of a preview so far. */
export interface PreviewFindings {
  readonly status: 'RUNNING' | 'COMPLETED' | 'FAILED'
  readonly failureReason?: string
  /** The share that has been looked at. */
  readonly progress: number
  /** Until the size is exact. */
  readonly estimate: Estimate | undefined
  /** Exact as of an instant. */
  readonly exact: { readonly size: number; readonly asOf: number } | undefined
  readonly sample: readonly PreviewMember[]
  readonly identifiers: Readonly<Record<string, number>>
  readonly overlap: readonly ({ readonly id: string } & Overlap)[]
  readonly difference: { readonly enter: number | Estimate; readonly leave: number | Estimate } | undefined
  /** Only of a change of a computed trait, once it is exact: how many would have another value. */
  readonly changing: number | undefined
  /** Only of a change, once it is exact. */
  readonly deliveries: readonly PreviewDelivery[] | undefined
  /** The last ten minutes, of an audience of users that is complete; an estimate if there are very many users. */
  readonly recent: readonly RecentStep[] | undefined
  /** Exact once the size is. */
  readonly conditions: readonly PreviewCondition[]
  /** For a computed trait only. */
  readonly values: PreviewValues | undefined
  readonly cost: PreviewCost | undefined
}
