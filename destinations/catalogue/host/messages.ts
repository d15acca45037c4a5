/** Messages between the process that asks definitions and one that runs them. */
import type { JsonValue } from '../../../src/model/json.ts'
import type {
  ConfiguredDefinition,
  DefinitionFailure,
  DefinitionQuestion,
  OauthTokens,
} from '../../contract/definition-runner.ts'

export interface HostConfig {
  /** Private addresses that may be connected to: all, none, or these. */
  readonly allowPrivate: boolean | readonly string[]
  /** The bound of one request, ms. */
  readonly requestTimeoutMs: number
}

export type ToHost =
  | { readonly kind: 'config'; readonly config: HostConfig }
  | {
      readonly kind: 'ask'
      readonly id: number
      readonly definition: ConfiguredDefinition
      readonly question: DefinitionQuestion
    }
  /** The answer is not waited for any more. */
  | { readonly kind: 'abort'; readonly id: number }
  /** Is answered at once, unless something holds the process up. */
  | { readonly kind: 'ping' }

export type FromHost =
  | { readonly kind: 'answer'; readonly id: number; readonly value: JsonValue }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: DefinitionFailure }
  | { readonly kind: 'tokens'; readonly id: number; readonly tokens: OauthTokens }
  | { readonly kind: 'pong'; readonly residentBytes: number }
