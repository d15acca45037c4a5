/** The part of `@segment/actions-core` that is used, and how a definition of its package is loaded. */
import type { JsonObject, JsonValue } from '../../../src/model/json.ts'
import { requireDefinition } from './folder.ts'

export interface RequestExtension {
  readonly headers?: Readonly<Record<string, string>>
  readonly beforeRequest?: readonly unknown[]
  readonly afterResponse?: readonly unknown[]
  readonly [option: string]: unknown
}

/** An answer that the kit has read. */
export interface KitResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly content?: string
}

export interface KitField {
  readonly [property: string]: unknown
}

export interface KitDefinition {
  readonly name: string
  readonly actions: Readonly<
    Record<string, { readonly title: string; readonly fields: Readonly<Record<string, KitField>> }>
  >
  readonly audienceConfig?: { readonly createAudience?: unknown; readonly getAudience?: unknown }
  readonly onDelete?: unknown
  readonly authentication?: { readonly scheme: string; readonly refreshAccessToken?: unknown }
  extendRequest?(data: unknown): RequestExtension
}

/** The settings of a destination as the kit takes them. */
export type KitSettings = JsonObject

/** The status of one event of a batch, and an error's words. */
export interface EventStatus {
  readonly status?: number
  readonly errortype?: string
  readonly errormessage?: string
  /** Only an event that has not arrived has one. */
  readonly errorreporter?: string
}

export interface KitOutcome {
  readonly multistatus?: readonly EventStatus[]
}

export interface KitOptions {
  readonly features: object
  readonly statsContext: object
  readonly logger: object
  readonly signal: AbortSignal
  readonly onTokenRefresh: (tokens: { accessToken: string; refreshToken?: string }) => Promise<void>
}

export interface KitDestination {
  readonly actions: Readonly<
    Record<
      string,
      {
        executeDynamicField(field: string, data: object): Promise<unknown>
      }
    >
  >
  onEvent(event: JsonObject, settings: object, options: KitOptions): Promise<readonly KitOutcome[]>
  onBatch(events: readonly JsonObject[], settings: object, options: KitOptions): Promise<readonly KitOutcome[]>
  createAudience(input: object): Promise<{ readonly externalId: string }>
  getAudience(input: object): Promise<{ readonly externalId: string }>
  testAuthentication(settings: object): Promise<void>
  refreshAccessToken(
    settings: object,
    tokens: object,
  ): Promise<{ readonly accessToken: string; readonly refreshToken?: string } | undefined>
  onDelete?(event: object, settings: object, options: KitOptions): Promise<unknown>
}

interface Kit {
  readonly Destination: new (definition: KitDefinition) => KitDestination
}

const definitions = new Map<string, KitDefinition>()

/** Its code is CommonJS; as an ES module it cannot be imported. */
export function kit(): Kit {
  return requireDefinition('@segment/actions-core') as Kit
}

/** Loads a definition. Throws an Error if there is none of that folder. */
export function definitionIn(folder: string): KitDefinition {
  const known = definitions.get(folder)
  if (known) return known
  if (!/^[a-z0-9-]+$/.test(folder)) throw new Error('folder: expected a name of small letters, digits and hyphens')
  const module = requireDefinition(`@segment/action-destinations/dist/destinations/${folder}/index.js`) as {
    readonly default: KitDefinition
  }
  definitions.set(folder, module.default)
  return module.default
}

/** Returns JSON of what a definition has answered; undefined fields are left out. */
export function asJson(value: unknown): JsonValue {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as JsonValue)
}
