/** Destinations, connections, and the commands that change them; all of it is state of a space. */
import type { ActivationRecord } from './activation.ts'
import type { RequiredConsent } from './consent.ts'
import type { DefinitionSource } from './definition.ts'
import type { JsonObject } from './json.ts'

/** A destination: a type, with settings. */
export interface DestinationRecord {
  /** `dst_…`. */
  readonly id: string
  /** Slug of its type. */
  readonly type: string
  readonly name: string
  /** False: it is paused; deliveries that wait collapse, and are sent once it is enabled again. */
  readonly enabled: boolean
  /** All but the secret ones. */
  readonly settings: JsonObject
  /** The secret settings, encrypted; '' if there are none. */
  readonly sealed: string
  /** The consent without which it is told nothing of a user; absent: none is needed. */
  readonly consent?: RequiredConsent | undefined
  /** Names of secret settings that it had elsewhere; it cannot be enabled before each is given, or given as null. */
  readonly missing: readonly string[]
  /** True if its type can delete people. */
  readonly deletesUsers?: true | undefined
  /** Epoch ms. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** Decides which of a profile's ids of one type are addressed. */
export type IdStrategy = 'first' | 'last' | 'all'

export interface IdSync {
  readonly externalId: string
  readonly strategy: IdStrategy
  /** The destination's name of the type. */
  readonly mapTo?: string
}

/** Limits beyond which a first sync, an edit or an import waits for approval. */
export interface ApprovalLimits {
  /** Profiles that may change at once. */
  readonly members: number
  /** Share of all profiles that may change at once, from 0 to 1; counts from `SHARE_COUNTS_FROM` profiles on. */
  readonly share: number
}

/** Below so many profiles, no share of them is many. */
export const SHARE_COUNTS_FROM = 1_000

/** A connection of one audience or computed trait to a destination, with its settings. */
export interface ConnectionRecord {
  /** `con_…`. */
  readonly id: string
  readonly destinationId: string
  /** `aud_…` or `tra_…`. */
  readonly definitionId: string
  readonly kind: DefinitionSource['kind']
  readonly type: DefinitionSource['type']
  readonly key: string
  /** True if users known by `anonymous_id` alone are addressed. */
  readonly includesAnonymous: boolean
  /** False: disconnected; the settings are kept. */
  readonly enabled: boolean
  readonly sends: { readonly identify: boolean; readonly track: boolean; readonly group: boolean }
  readonly events: { readonly entered: string; readonly exited: string; readonly computed: string }
  /** Empty: all values of the usual types. */
  readonly idSync: readonly IdSync[]
  /** Traits that go with every call, by their name at the destination. */
  readonly traits: Readonly<Record<string, string>>
  readonly approval: ApprovalLimits
  /** In the order in which they were made; only commands about activations change them. Absent: none. */
  readonly activations?: readonly ActivationRecord[] | undefined
  readonly createdAt: number
  readonly updatedAt: number
}

/** The profiles of a sync: present members and values, or also former members. */
export type SyncScope = 'present' | 'known'

export type DeliveryCommand =
  | { readonly kind: 'put destination'; readonly destination: DestinationRecord }
  | { readonly kind: 'remove destination'; readonly id: string }
  /** Adds a connection, or changes the one of that id; `sync` begins a sync. */
  | { readonly kind: 'connect'; readonly connection: ConnectionRecord; readonly sync?: SyncScope }
  | { readonly kind: 'disconnect'; readonly id: string }
  /** Adds an activation, or changes the one of that id; `sync` begins a sync by it alone. */
  | {
      readonly kind: 'put activation'
      readonly connectionId: string
      readonly activation: ActivationRecord
      readonly sync?: SyncScope
    }
  | { readonly kind: 'remove activation'; readonly connectionId: string; readonly id: string }
  | { readonly kind: 'sync'; readonly connectionId: string; readonly scope: SyncScope }
  /** Continues the sync under way, over some pages of actors. */
  | { readonly kind: 'sync step'; readonly connectionId: string; readonly from: number; readonly to: number }
  /** Sends what waits for approval, or drops it. */
  | { readonly kind: 'approve'; readonly connectionId: string }
  | { readonly kind: 'reject'; readonly connectionId: string }
  /** Sends deliveries again that have failed for good. */
  | { readonly kind: 'resend'; readonly destinationId: string; readonly numbers: readonly number[] }

const DELIVERY_COMMANDS: ReadonlySet<string> = new Set<DeliveryCommand['kind']>([
  'put destination',
  'remove destination',
  'connect',
  'disconnect',
  'put activation',
  'remove activation',
  'sync',
  'sync step',
  'approve',
  'reject',
  'resend',
])

export function isDeliveryCommand(command: { readonly kind: string }): command is DeliveryCommand {
  return DELIVERY_COMMANDS.has(command.kind)
}
