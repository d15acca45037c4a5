/** Applies the calls of an entry, each to the actors that it is about, in one settlement of its own. */
import { type Call, eventTime, readCall } from '../../src/model/call.ts'
import { readConsent } from '../../src/model/consent.ts'
import type { CallsEntry, CheckedCall, RawCall } from '../../src/model/entry.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { IdentityRules } from '../../src/model/external-id.ts'
import type { Retention } from '../../src/model/retention.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { Plans } from '../compiler/compiled-plans.ts'
import type { Deduplication } from '../deduplication/deduplication.ts'
import type { Suppressions } from '../identity/suppressions.ts'
import type { Settlement } from '../settlement/settlement.ts'
import { APPLIED, type CallOutcome, DUPLICATE, SUPPRESSED } from './applied.ts'
import type { CallActors } from './call-actors.ts'
import { forgetEvents } from './forget-events.ts'
import type { SpaceClock } from './space-clock.ts'

/** The part of the engine's state that decides how a call is read and applied. */
export interface CallContext {
  readonly identityRules: IdentityRules
  readonly retention: Retention
  /** True if windows go on counting events that are no longer kept. */
  readonly doWindowsCountAll: boolean
  readonly plans: Plans
}

export interface CallApplicationOptions {
  readonly clock: SpaceClock
  readonly settlement: Settlement
  readonly deduplication: Deduplication
  readonly callActors: CallActors
  readonly suppressions: Suppressions
  /** Called before the settlement of a call. */
  readonly beforeTouching: (call: Call, transitions: Transition[]) => void
}

export class CallApplication {
  readonly #options: CallApplicationOptions
  /** Calls that the space has taken up. */
  arrivals = 0

  constructor(options: CallApplicationOptions) {
    this.#options = options
  }

  apply({ calls, receivedAt }: CallsEntry, context: CallContext, transitions: Transition[]): CallOutcome[] {
    return calls.map((raw) => this.#applyOne(raw, receivedAt, context, transitions))
  }

  #applyOne(
    raw: RawCall | CheckedCall,
    receivedAt: number,
    context: CallContext,
    transitions: Transition[],
  ): CallOutcome {
    const { clock, settlement, deduplication, suppressions } = this.#options
    const now = Math.max(clock.now, receivedAt)
    let call: Call
    try {
      call = 'call' in raw ? raw.call : readCall(raw.body, context.identityRules)
    } catch (error) {
      return error instanceof EngineError ? { kind: 'refused', error } : { kind: 'failed', cause: error }
    }
    clock.moveTo(now, transitions)
    if (!deduplication.isNew(call.messageId, now)) return DUPLICATE
    if (call.type === 'alias') return APPLIED
    const ids = suppressions.allowed(call.ids, context.identityRules)
    if (!ids) return SUPPRESSED
    if (ids !== call.ids) call = { ...call, ids }
    this.#options.beforeTouching(call, transitions)
    try {
      this.#settle(call, raw.sourceId, context, transitions)
      return APPLIED
    } catch (cause) {
      settlement.rollBack()
      deduplication.forgetLast(call.messageId)
      return cause instanceof EngineError ? { kind: 'refused', error: cause } : { kind: 'failed', cause }
    }
  }

  #settle(call: Call, sourceId: string, context: CallContext, transitions: Transition[]): void {
    const { clock, settlement, callActors } = this.#options
    const { now } = clock
    const { plans } = context
    const [arrival, ts] = [this.arrivals + 1, eventTime(call, now)]
    const { messageId } = call
    settlement.begin(now, { kind: 'call', call: { arrival, messageId, sourceId } })
    const origin = { receivedAt: now, arrival, sourceId, messageId }
    const profile = callActors.profileOf(call.ids, origin, plans)
    profile.seen(now)
    const consent = readConsent(call.context)
    if (consent) callActors.consent(profile, consent, { ts, arrival, sourceId })
    if (call.event === undefined) profile.noteCall(origin)
    else {
      const { properties } = call
      const event = {
        name: call.event,
        ts,
        arrival,
        receivedAt: now,
        sourceId,
        messageId,
        properties,
        context: call.context,
        ids: profile.store.ids.numbersOf(profile.row, call.ids),
      }
      settlement.causes.keeps(profile.ordinal)
      forgetEvents(profile, context, { now, arrivals: this.arrivals })
      profile.next({ kind: 'event', at: now, event })
      if (profile.accountCount > 0)
        for (const account of profile.accounts) account.next({ kind: 'event', at: now, event })
    }
    if (call.type === 'identify' && call.traits)
      profile.next({ kind: 'traits', at: now, traits: call.traits, ts, arrival, sourceId })
    if (call.groupId !== undefined) {
      const account = callActors.accountOf(profile, call.groupId, origin, plans)
      if (call.traits) account.next({ kind: 'traits', at: now, traits: call.traits, ts, arrival, sourceId })
    }
    settlement.finish(transitions)
    this.arrivals = arrival
  }
}
