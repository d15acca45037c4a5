/**
 * Takes calls for spaces of other processes: reads and checks them here, and has the engine that has their space take
 * them, over its link.
 *
 * L1. While nobody can take them, calls are held, and tried again, for as long as `holdMs`.
 * L2. Calls are sent again only if that changes nothing: they were not taken, or each has an id by which it counts
 *     once.
 * L3. Calls that are under way or held here are bounded; beyond that the next are refused at once.
 * L4. An engine that stands still answers nothing: calls that wait for it are given up once another has their space.
 */
import { basicUser } from '../http/access.ts'
import { nextChange } from '../http/forwarder.ts'
import type { CallRequest, TakeCalls } from '../ingest/calls.ts'
import type { CallsToTake } from '../link/messages.ts'
import type { Link, LinkLimits, LinkOutcome } from '../link/link.ts'
import { packCalls } from '../link/packed-calls.ts'
import type { Endpoint } from '../model/call.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import { parseBody, type ParsedBody, readRequest, type RejectedCall } from '../model/read-request.ts'
import type { SetTimer } from '../model/timer.ts'

/** Where calls can go at present. */
export type CallsPlace = Pick<Link, 'send' | 'refusal'> | 'here' | 'nowhere'

/** The space that calls are for. */
export interface CallsAim {
  /** Finds where they are to go, as things are now. */
  readonly find: () => CallsPlace
  /** Undefined: only the engine knows it. */
  readonly spaceId?: (() => string | undefined) | undefined
}

export interface LedCallsOptions {
  /** Finds the space of a write key. */
  readonly aimAt: (writeKey: string | undefined) => CallsAim | Promise<CallsAim>
  /** Takes calls of a space that this process has. */
  readonly takeHere: TakeCalls
  readonly holdMs: number
  /** Resolves when it may be known better where calls are to go. */
  readonly changed: () => Promise<void>
  /** Looks where calls are to go, at once. */
  readonly refresh: () => Promise<void>
  /** The monotonic clock, ms. */
  readonly now: () => number
  readonly timer: SetTimer
  readonly limits?: LinkLimits
  /** Told of calls that an engine has answered, as it has counted them. */
  readonly onAnswered?: (came: CallRequest) => void
}

/** Calls for all engines. */
export const LED_LIMITS: LinkLimits = { requestsMax: 4_000, bytesMax: 64 * 1024 * 1024 }

interface Waiting {
  readonly isMoved: () => boolean
  readonly abandon: () => void
}

export class LedCalls {
  readonly #options: LedCallsOptions
  /** Calls that an engine has been sent. */
  readonly #waiting = new Set<Waiting>()
  #isWatching = false
  #requests = 0
  #bytes = 0

  constructor(options: LedCallsOptions) {
    this.#options = options
  }

  readonly take: TakeCalls = async (endpoint, body, came) => {
    const key = basicUser(came.authorization)
    const aimed = key === undefined ? undefined : await this.#options.aimAt(key)
    const place = aimed?.find()
    // Where too much comes in, reading what is refused anyway would cost more than anything else.
    const full = (typeof place === 'object' ? place.refusal(body.byteLength) : undefined) ?? this.#refusal(body)
    if (full) throw full
    const parsed = parseBody(body)
    const inBody = parsed.root['writeKey']
    const writeKey = key ?? (typeof inBody === 'string' ? inBody : undefined)
    const aim = aimed ?? (await this.#options.aimAt(writeKey))
    const packed = packedFor(endpoint, parsed)
    const calls = { endpoint, writeKey, body, packed, traceparent: came.traceparent, spaceId: undefined }
    this.#requests++
    this.#bytes += body.byteLength
    try {
      return await this.#lead(calls, { aim, came, isRepeatable: () => countOnce(parsed.root) })
    } finally {
      this.#requests--
      this.#bytes -= body.byteLength
    }
  }

  /** Keeps L3. */
  #refusal(body: Buffer): EngineError | undefined {
    const { requestsMax, bytesMax } = this.#options.limits ?? LED_LIMITS
    if (this.#requests < requestsMax && this.#bytes + body.byteLength <= bytesMax) return undefined
    return new EngineError('rate_limit_error', 'Too many requests are under way; try again later')
  }

  /** Keeps L1 and L2. */
  async #lead(
    calls: CallsToTake,
    { aim, came, isRepeatable }: { aim: CallsAim; came: CallRequest; isRepeatable: () => boolean },
  ): Promise<readonly RejectedCall[]> {
    const { now, holdMs, refresh, takeHere, onAnswered } = this.#options
    const until = now() + holdMs
    let refused = new EngineError('unavailable', 'The space is on its way to another node; try again')
    while (came.isGone !== true) {
      const place = aim.find()
      came.spaceId = aim.spaceId?.()
      if (place === 'here') return takeHere(calls.endpoint, calls.body, came)
      if (place !== 'nowhere') {
        const sent = await this.#send({ ...calls, spaceId: came.spaceId }, place, aim)
        if (sent.kind === 'taken' || sent.kind === 'refused') onAnswered?.(came)
        if (sent.kind === 'taken') return sent.rejected
        // That the journal does not answer, say, passes; and then it may be stored after all.
        if (sent.kind === 'refused') refused = sent.error
        if (refused.code !== 'unavailable') break
        if ((sent.kind === 'lost' || sent.kind === 'refused') && !isRepeatable()) break
        await refresh()
      }
      if (now() >= until) break
      await nextChange(this.#options)
    }
    throw refused
  }

  /** Keeps L4. */
  async #send(calls: CallsToTake, place: Exclude<CallsPlace, string>, aim: CallsAim): Promise<LinkOutcome> {
    const { sent, abandon } = place.send(calls)
    const isMoved = (): boolean => {
      const now = aim.find()
      return now !== 'nowhere' && now !== place
    }
    const waiting = { isMoved, abandon }
    this.#waiting.add(waiting)
    if (!this.#isWatching) void this.#watch()
    try {
      return await sent
    } finally {
      this.#waiting.delete(waiting)
    }
  }

  async #watch(): Promise<void> {
    this.#isWatching = true
    while (this.#waiting.size > 0) {
      await this.#options.changed()
      for (const { isMoved, abandon } of this.#waiting) if (isMoved()) abandon()
    }
    this.#isWatching = false
  }
}

/** True if each call of a body has an id by which it counts once. */
export function countOnce(root: JsonObject): boolean {
  const calls = Array.isArray(root['batch']) ? root['batch'] : [root]
  return calls.every((call) => typeof (call as { messageId?: unknown } | null)?.messageId === 'string')
}

/**
 * Reads the calls of a body, for an engine that need not do so then. Undefined if it has to: it notes what is refused,
 * and some calls cannot be packed, or take too much room.
 */
function packedFor(endpoint: Endpoint, parsed: ParsedBody): Buffer | undefined {
  try {
    const { calls, rejected } = readRequest(endpoint, parsed)
    if (rejected.length > 0) return undefined
    const packed = packCalls(calls.map(({ call }) => call))
    return packed && packed.byteLength <= 2 * parsed.bytes ? packed : undefined
  } catch (error) {
    if (error instanceof EngineError) return undefined
    throw error
  }
}
