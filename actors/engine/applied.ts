/** An entry as the engine takes it, and the result of it. */
import type { CallsEntry, CommandEntry, TickEntry } from '../../src/model/entry.ts'
import type { EngineError } from '../../src/model/errors.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { CompiledDefinitions } from '../compiler/defined-plans.ts'

/** A command, with the result of `compile` if that was called before. */
export type CompiledCommand = CommandEntry & { readonly compiled?: CompiledDefinitions | undefined }

export type AppliedEntry = CallsEntry | TickEntry | CompiledCommand

/** The result of one call. */
export type CallOutcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'duplicate' }
  /** The call's id is suppressed; nothing has changed but that its messageId is used. */
  | { readonly kind: 'suppressed' }
  /** The call breaks a rule; nothing has changed. */
  | { readonly kind: 'refused'; readonly error: EngineError }
  /** A fault of ours while the call was applied; the state is as it was before it. */
  | { readonly kind: 'failed'; readonly cause: unknown }

/** A deadline that failed: the actor's state is restored, and the actor is skipped until its next message. */
export interface FailedDeadline {
  readonly profile: string
  readonly at: number
  readonly cause: unknown
}

export interface Applied {
  readonly transitions: readonly Transition[]
  /** One for each call of a calls entry. */
  readonly outcomes: readonly CallOutcome[]
  /** Deadlines that failed on the way and were set aside; nearly always none. */
  readonly faults: readonly FailedDeadline[]
}

export const APPLIED: CallOutcome = { kind: 'applied' }
export const DUPLICATE: CallOutcome = { kind: 'duplicate' }
export const SUPPRESSED: CallOutcome = { kind: 'suppressed' }

export const NO_FAULTS: readonly FailedDeadline[] = []

export const NO_OUTCOMES: readonly CallOutcome[] = []
