/** What came of an entry. */
import type { EngineError } from '../../src/model/errors.ts'
import type { Transition } from '../../src/model/transition.ts'

/** What came of one call. */
export type CallOutcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'duplicate' }
  /** It breaks a rule; nothing has changed. */
  | { readonly kind: 'refused'; readonly error: EngineError }
  /** A fault of ours while it was applied; the state is as it was before it. */
  | { readonly kind: 'failed'; readonly cause: unknown }

/** A deadline that failed: its actor is as it was before, and looks at the clock again with its next message. */
export interface FailedDeadline {
  readonly profile: string
  readonly at: number
  readonly cause: unknown
}

export interface Applied {
  readonly transitions: readonly Transition[]
  /** Of a calls entry, one for each call. */
  readonly outcomes: readonly CallOutcome[]
  /** Deadlines on the way that failed and were set aside; nearly always none. */
  readonly faults: readonly FailedDeadline[]
}

export const APPLIED: CallOutcome = { kind: 'applied' }
export const DUPLICATE: CallOutcome = { kind: 'duplicate' }

export const NO_FAULTS: readonly FailedDeadline[] = []

export const NO_OUTCOMES: readonly CallOutcome[] = []
