/** The operations on destinations that the control API calls. */
import type { ConnectionRecord, DestinationRecord } from './destination.ts'
import type { DestinationAnswer, FieldQuestion, QuestionFailure } from './destination-question.ts'
import type { ExternalId } from './external-id.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** Shown instead of a secret; if it is given back, the secret stays. */
export const MASK = '••••••••'

/** Settings as a record holds them: secret ones are sealed. */
export type StoredSettings = Pick<DestinationRecord, 'settings' | 'sealed' | 'missing' | 'deletesUsers'>

/** The counts of deliveries, by result. */
export interface DeliveryOverview {
  readonly created: number
  readonly filtered: number
  readonly delivered: number
  /** Replaced by a later value before they were sent. */
  readonly collapsed: number
  readonly waiting: number
  readonly pendingRetry: number
  /** Kept back until they are approved. */
  readonly held: number
  readonly retries: number
  readonly failed: { readonly total: number; readonly byReason: Readonly<Record<string, number>> }
  /** From the change to its arrival, ms: upper bounds within a factor of two. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
}

export interface FailedDelivery {
  readonly number: number
  readonly connectionId: string
  readonly profile: string
  readonly value: unknown
  readonly reason: string
  readonly message: string
  readonly attempts: number
  /** Epoch ms. */
  readonly failedAt: number
}

export interface TypeOfDestination {
  readonly slug: string
  readonly name: string
  readonly kind: 'event' | 'list'
}

/** The calls that a destination has a use for; it may be sent the others too, and skips them. */
export interface TakenCalls {
  readonly identify: boolean
  readonly track: boolean
  readonly group: boolean
  /** False: computed traits are refused. */
  readonly computedTraits: boolean
}

/** A type of destination, as a list has it; those of ours with the schema of their settings. */
export interface ListedType extends TypeOfDestination {
  readonly origin: 'rollcall' | 'catalogue'
  readonly categories: readonly string[]
  /** `off`: it is shown, with the reason, and none of it can be made. */
  readonly availability: 'offered' | 'off'
  readonly reason?: string | undefined
  /** False if the package with its definition is not there. */
  readonly installed: boolean
}

/** Settings under the id of the destination that they are of, or of a trial. */
export interface TriedSettings {
  readonly id: string
  readonly type: string
  /** With their secrets. */
  readonly settings: JsonObject
}

/** A user or an account, as calls are made of it. */
export interface AddressedProfile {
  /** The first added first. */
  readonly ids: readonly ExternalId[]
  readonly traits: JsonObject
}

/** A call that is made to be looked at. */
export interface CallSample {
  /** Its settings are those of the call, but for the kinds that it sends. */
  readonly connection: ConnectionRecord
  readonly type: 'identify' | 'track' | 'group'
  readonly value: JsonValue
  /** Undefined: somebody made up. */
  readonly about: AddressedProfile | undefined
}

/** An app that a user is about to let in. */
export interface AskedAuthorization {
  /** The address of `/oauth/callback`, as the tool knows it. */
  readonly redirectUrl: string
  /** In place of those that the definition needs. */
  readonly scopes?: readonly string[] | undefined
  /** The id of the token that asks. */
  readonly by: string | undefined
}

export interface DestinationAdmin {
  /** Returns all types that are shown: ours first, then by name. */
  types(): readonly ListedType[]
  /** Returns all that there is to say of a type that is shown. Throws an EngineError if there is none such. */
  describedType(slug: string): object
  /** Returns a type. Throws an EngineError if there is none such, or none of it can be made. */
  type(slug: string): TypeOfDestination
  /** Returns the calls that a destination has a use for, by its type and its mappings. */
  takes(record: Pick<DestinationRecord, 'type' | 'settings'>): TakenCalls
  /**
   * Checks settings and seals the secret ones. Throws an EngineError that names the field at fault.
   * @param before the destination that is changed: settings that are not given, or are given masked, stay
   * A secret that is given masked, though there is none, is listed as missing, and so is one that was missing before.
   * @param isPartial secrets that the type asks for may be missing, too
   * A setting that says where requests go does not change while secrets are held that are not given anew. An app of
   * OAuth that is given again without its tokens keeps them.
   */
  store(
    given: { readonly id: string; readonly type: string; readonly settings: JsonObject },
    options: { readonly before?: DestinationRecord | undefined; readonly isPartial?: boolean },
  ): StoredSettings
  /** Returns settings to show: secrets are masked. */
  shown(record: DestinationRecord): JsonObject
  /** Resolves with what is wrong with the settings; undefined if they work. */
  test(record: DestinationRecord): Promise<QuestionFailure | undefined>
  /** Returns the settings of a destination; with others in place of `mappings`, checked. Throws an EngineError. */
  tried(record: DestinationRecord, mappings: JsonValue | undefined): TriedSettings
  /** Checks settings that are not stored. Throws an EngineError that names the field at fault. */
  onTrial(type: string, settings: JsonObject): TriedSettings
  /** Resolves with the requests that a call would make; nothing is sent. Throws an EngineError for a bad sample. */
  rehearse(settings: TriedSettings, sample: CallSample): Promise<DestinationAnswer<'rehearse'>>
  /** Asks the tool what a field may have. Throws an EngineError for one without choices. */
  choices(record: DestinationRecord, question: FieldQuestion): Promise<DestinationAnswer<'choices'>>
  /** Returns the address at which a user lets the destination's app in. Throws an EngineError if it has none. */
  authorize(record: DestinationRecord, asked: AskedAuthorization): string
  status(record: DestinationRecord): 'Connected' | 'Disabled' | 'Unreachable' | 'Settings missing'
  overview(destinationId: string): DeliveryOverview
  overviewOf(connectionId: string): DeliveryOverview
  failures(destinationId: string): readonly FailedDelivery[]
  /** Resolves with the number of deliveries that wait: once none does, or after so long. */
  drain(destinationId: string, withinMs: number): Promise<number>
}
