/** The call that something of a profile comes from: an id, or the last news. */
export interface CallOrigin {
  /** Epoch ms. */
  readonly receivedAt: number
  /** Number of the call in its space. */
  readonly arrival: number
  readonly sourceId: string
  /** '' if the call had none. */
  readonly messageId: string
}

/** Returns the one of two calls that came later. */
export function laterOf(a: CallOrigin | undefined, b: CallOrigin | undefined): CallOrigin | undefined {
  if (!a || !b) return a ?? b
  return a.arrival > b.arrival ? a : b
}
