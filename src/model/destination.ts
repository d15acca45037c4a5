/** Destinations, what is connected to them, and the commands that change either; all of it is state of a space. */
import type { DefinitionSource } from './definition.ts'
import type { JsonObject } from './json.ts'

/** A tool that is told of changes: a type, with settings. */
export interface DestinationRecord {
  /** `dst_…`. */
  readonly id: string
  /** Slug of its type. */
  readonly type: string
  readonly name: string
  /** False: it is paused; what waits for it collapses, and is sent once it is enabled again. */
  readonly enabled: boolean
  /** Without the secret ones. */
  readonly settings: JsonObject
  /** The secret settings, encrypted; '' where there are none. */
  readonly sealed: string
  /** Of settings that a file left out, because they are secret; it cannot be enabled before they are given. */
  readonly missing: readonly string[]
  /** Epoch ms. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** Which of a profile's ids of one type are addressed. */
export type IdStrategy = 'first' | 'last' | 'all'

export interface IdSync {
  readonly externalId: string
  readonly strategy: IdStrategy
  /** The type that the destination knows it by. */
  readonly mapTo?: string
}

/** How a first sync, an edit or an import that moves too many waits for somebody's consent. */
export interface ApprovalLimits {
  /** Profiles that may be moved at once. */
  readonly members: number
  /** Share of all profiles that may be, from 0 to 1, where that is more than `SHARE_COUNTS_FROM`. */
  readonly share: number
}

/** Below so many profiles, no share of them is many. */
export const SHARE_COUNTS_FROM = 1_000

/** That a destination is told of one audience or computed trait, and how. */
export interface ConnectionRecord {
  /** `con_…`. */
  readonly id: string
  readonly destinationId: string
  /** `aud_…` or `tra_…`. */
  readonly definitionId: string
  readonly kind: DefinitionSource['kind']
  readonly type: DefinitionSource['type']
  readonly key: string
  /** Whether users known by `anonymous_id` alone are addressed by it. */
  readonly includesAnonymous: boolean
  /** False: disconnected; the settings are kept. */
  readonly enabled: boolean
  readonly sends: { readonly identify: boolean; readonly track: boolean; readonly group: boolean }
  readonly events: { readonly entered: string; readonly exited: string; readonly computed: string }
  /** Empty: all values of the usual types. */
  readonly idSync: readonly IdSync[]
  /** Traits that go with every call, by the name that they have there. */
  readonly traits: Readonly<Record<string, string>>
  readonly approval: ApprovalLimits
  readonly createdAt: number
  readonly updatedAt: number
}

/** Whom a sync tells: members and values that there are, or also who was a member once. */
export type SyncScope = 'present' | 'known'

export type DeliveryCommand =
  | { readonly kind: 'put destination'; readonly destination: DestinationRecord }
  | { readonly kind: 'remove destination'; readonly id: string }
  /** Adds a connection, or changes the one of that id; `sync`: everyone whom it concerns is told. */
  | { readonly kind: 'connect'; readonly connection: ConnectionRecord; readonly sync?: SyncScope }
  | { readonly kind: 'disconnect'; readonly id: string }
  | { readonly kind: 'sync'; readonly connectionId: string; readonly scope: SyncScope }
  /** The sync under way goes on, over some pages of actors from where it was. */
  | { readonly kind: 'sync step'; readonly connectionId: string; readonly from: number; readonly to: number }
  /** What waits for consent is sent, or is given up. */
  | { readonly kind: 'approve'; readonly connectionId: string }
  | { readonly kind: 'reject'; readonly connectionId: string }
  /** Deliveries that have failed for good are tried again. */
  | { readonly kind: 'resend'; readonly destinationId: string; readonly numbers: readonly number[] }

const DELIVERY_COMMANDS: ReadonlySet<string> = new Set<DeliveryCommand['kind']>([
  'put destination',
  'remove destination',
  'connect',
  'disconnect',
  'sync',
  'sync step',
  'approve',
  'reject',
  'resend',
])

export function isDeliveryCommand(command: { readonly kind: string }): command is DeliveryCommand {
  return DELIVERY_COMMANDS.has(command.kind)
}
