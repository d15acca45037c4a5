/** Pieces of work that are over, for who follows the server by traces. They name no person and no secret. */

export interface Span {
  /** `POST /v1/track`, `journal append`. */
  readonly name: string
  /** True for a request that was answered; else it is work of the server's own. */
  readonly isRequest?: boolean
  /** Epoch ms. */
  readonly startedAt: number
  readonly durationMs: number
  readonly attributes: Readonly<Record<string, string | number>>
  readonly isFailed: boolean
  /** The header of the request that asked for it, if it had one. */
  readonly traceparent?: string | undefined
}

/** Takes a span; it neither waits nor throws. */
export type Trace = (span: Span) => void
