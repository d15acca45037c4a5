/**
 * The contract between the catalogue's destinations and the processes that run the tools' definitions: questions, and
 * answers. Definitions are others' code: they run in no process of ours.
 */
import type { JsonObject, JsonValue } from '../../src/model/json.ts'

/** The tokens of an app that a tool has let in by OAuth 2, and the app's own credentials. */
export interface OauthTokens {
  readonly clientId?: string | undefined
  readonly clientSecret?: string | undefined
  readonly accessToken?: string | undefined
  readonly refreshToken?: string | undefined
}

/** A definition with the settings of one destination. */
export interface ConfiguredDefinition {
  /** Id of the destination: what runs under one id never shares a cache with another. */
  readonly destinationId: string
  /** In the package: `braze`. */
  readonly folder: string
  readonly settings: JsonObject
  readonly oauth?: OauthTokens | undefined
  /** Variables that its code reads from the environment. With any, it runs in a process of its own. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** True where it opens sockets by itself, so that its requests are not counted. */
  readonly hasOwnSockets?: boolean | undefined
}

/** An action, and how a call becomes its payload. */
export interface MappedAction {
  readonly action: string
  readonly mapping: JsonObject
}

export type DefinitionQuestion =
  /** Answered with the failure of each event in order, null for one that has arrived. */
  | ({ readonly kind: 'perform'; readonly events: readonly JsonObject[]; readonly isBatch: boolean } & MappedAction)
  /** Answered with the requests that would be sent, answered by empty ones. */
  | ({ readonly kind: 'rehearse'; readonly events: readonly JsonObject[]; readonly isBatch: boolean } & MappedAction)
  /** Answered with the audience's id at the tool. */
  | {
      readonly kind: 'create audience'
      readonly audience: { readonly id: string; readonly key: string; readonly name: string; readonly spaceId: string }
      readonly audienceSettings: JsonObject
    }
  /** Answered with the id; a failure that is terminal if it is gone. */
  | { readonly kind: 'get audience'; readonly externalId: string; readonly audienceSettings: JsonObject }
  /** Answered with null if the settings work. */
  | { readonly kind: 'test' }
  /** Answered with new tokens. */
  | { readonly kind: 'refresh' }
  /** Answered with `{ choices, nextPage? }`. */
  | {
      readonly kind: 'choices'
      readonly action: string
      readonly field: string
      readonly payload: JsonObject
      readonly page?: string | undefined
      readonly audienceSettings: JsonObject
    }
  /** Answered with null once the tool has been told to delete a person. */
  | { readonly kind: 'delete user'; readonly userId?: string | undefined; readonly anonymousId?: string | undefined }

/** The reason why a question has no answer, or an event has not arrived. */
export interface DefinitionFailure {
  readonly kind: 'retryable' | 'terminal' | 'skipped'
  readonly reason: string
  /** Without persons and secrets. */
  readonly message: string
  readonly retryAfterMs?: number
}

/** Asks definitions. */
export interface DefinitionRunner {
  /**
   * Resolves with the answer; rejects with a DeliveryError. A process that dies under several questions is replaced,
   * and each is asked again by itself, with the same ids.
   * @param onTokens called with tokens that the definition has renewed while it ran
   */
  ask(
    definition: ConfiguredDefinition,
    question: DefinitionQuestion,
    options: { readonly signal: AbortSignal; readonly onTokens?: ((tokens: OauthTokens) => void) | undefined },
  ): Promise<JsonValue>
}
