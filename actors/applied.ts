/** What came of an entry. */
import type { EngineError } from '../src/model/errors.ts'
import type { Transition } from '../src/model/transition.ts'

/** What came of one call. */
export type CallOutcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'duplicate' }
  /** It breaks a rule; nothing has changed. */
  | { readonly kind: 'refused'; readonly error: EngineError }
  /** A fault of ours while it was applied; the state is as it was before it. */
  | { readonly kind: 'failed'; readonly cause: unknown }

export interface Applied {
  readonly transitions: readonly Transition[]
  /** Of a calls entry, one for each call. */
  readonly outcomes: readonly CallOutcome[]
}

export const APPLIED: CallOutcome = { kind: 'applied' }
export const DUPLICATE: CallOutcome = { kind: 'duplicate' }
