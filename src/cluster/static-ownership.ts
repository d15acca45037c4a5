/**
 * Ownership by number, as a StatefulSet has it: of `nodes` nodes, each has the spaces whose ids fall to its ordinal.
 * Nobody takes over from one that is gone; whoever is started in its place does.
 */
import { createHash } from 'node:crypto'
import type { Claim, Ownership, Renewal } from './ownership.ts'

export interface StaticOwnershipOptions {
  /** From 0 to `nodes` - 1. */
  readonly ordinal: number
  readonly nodes: number
  /** The monotonic clock, ms. */
  readonly now: () => number
}

export class StaticOwnership implements Ownership {
  readonly isFixed = true
  readonly leaseMs = Infinity
  readonly #options: StaticOwnershipOptions
  readonly #waiting = new Set<string>()
  readonly #claimed = new Set<string>()

  constructor(options: StaticOwnershipOptions) {
    this.#options = options
  }

  offer(spaceIds: readonly string[]): Promise<void> {
    const { ordinal, nodes } = this.#options
    for (const spaceId of spaceIds)
      if (!this.#claimed.has(spaceId) && ordinalOf(spaceId, nodes) === ordinal) this.#waiting.add(spaceId)
    return Promise.resolve()
  }

  claim(): Promise<Claim | undefined> {
    const [spaceId] = this.#waiting
    if (spaceId === undefined) return Promise.resolve(undefined)
    this.#waiting.delete(spaceId)
    this.#claimed.add(spaceId)
    return Promise.resolve({ spaceId, askedAt: this.#options.now() })
  }

  renew(): Promise<Renewal> {
    return Promise.resolve({ askedAt: this.#options.now(), lost: [] })
  }

  release(spaceId: string): Promise<void> {
    this.#claimed.delete(spaceId)
    return Promise.resolve()
  }

  withdraw(spaceId: string): Promise<void> {
    this.#waiting.delete(spaceId)
    return this.release(spaceId)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** Returns the ordinal of the node that has a space. */
export function ordinalOf(spaceId: string, nodes: number): number {
  return createHash('sha256').update(spaceId).digest().readUInt32BE() % nodes
}
