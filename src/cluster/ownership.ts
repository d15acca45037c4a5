/** Decides which node may ask for a space. It fences nobody: the epoch in the journal's ids does. */

/** A space that a node may open, as far as the lock says. */
export interface Claim {
  readonly spaceId: string
  /** The instant before it was asked for, on the monotonic clock, ms. */
  readonly askedAt: number
}

/** The outcome of a renewal. */
export interface Renewal {
  /** The instant before it was asked for, on the monotonic clock, ms. */
  readonly askedAt: number
  /** Spaces whose lock is not this node's any more. */
  readonly lost: readonly string[]
}

export interface Ownership {
  /** True if it is settled who has which space, whatever the nodes cost. */
  readonly isFixed: boolean
  /** The time that a claim lasts after it was asked for, ms: less than the lock. */
  readonly leaseMs: number
  /** Makes spaces known that somebody is to own; changes nothing for those that are known. */
  offer(spaceIds: readonly string[]): Promise<void>
  /** Claims a space that nobody has; undefined if there is none. */
  claim(): Promise<Claim | undefined>
  /** Extends the locks of spaces that this node has claimed. Rejects if nobody knows whether they are. */
  renew(spaceIds: readonly string[]): Promise<Renewal>
  /** Gives a space up, for another node to claim. */
  release(spaceId: string): Promise<void>
  /** Forgets a space that was removed. */
  withdraw(spaceId: string): Promise<void>
  close(): Promise<void>
}
