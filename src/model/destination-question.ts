/** Questions about a destination that the process of its workers answers, and their answers. */
import type { DeliveryCall } from './delivery-call.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** A request that a rehearsal would have sent; secrets are masked. */
export interface RehearsedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: JsonValue
}

export interface Rehearsed {
  /** The action of the tool that the call goes to; absent: the type has none. */
  readonly action?: string | undefined
  /** In the order in which they would be sent. */
  readonly requests: readonly RehearsedRequest[]
}

/** Asks the tool for the values that a field of an action may have. */
export interface FieldQuestion {
  readonly action: string
  /** `list_id`, or a part of a field: `list_details.list_name`. */
  readonly field: string
  /** Values of the action's other fields, on which the choices may depend. */
  readonly payload: JsonObject
  /** As the page before has given it. */
  readonly page?: string | undefined
}

export interface FieldChoice {
  readonly value: JsonValue
  readonly label: string
}

export interface FieldChoices {
  readonly choices: readonly FieldChoice[]
  readonly nextPage?: string | undefined
}

/** A code of OAuth 2, as a tool has given it to be exchanged for tokens. */
export interface GrantedCode {
  readonly code: string
  /** The address that the tool has sent the browser back to. */
  readonly redirectUrl: string
  /** Proves that the code was asked for by us (RFC 7636). */
  readonly verifier?: string | undefined
}

export type DestinationQuestion =
  | { readonly kind: 'test' }
  /** Sends nothing. */
  | { readonly kind: 'rehearse'; readonly call: DeliveryCall }
  | ({ readonly kind: 'choices' } & FieldQuestion)
  | ({ readonly kind: 'authorize' } & GrantedCode)

interface Answers {
  readonly test: null
  readonly rehearse: Rehearsed
  readonly choices: FieldChoices
  /** Settings that come of it: `oauth`, and where the tool says so others. */
  readonly authorize: JsonObject
}

/** The reason why a question has no answer; names no person and no secret. */
export interface QuestionFailure {
  readonly reason: string
  readonly message: string
}

export type DestinationAnswer<Kind extends DestinationQuestion['kind']> =
  { readonly value: Answers[Kind] } | { readonly failure: QuestionFailure }
