/** The memory of a space's actors: two arenas and the barrier before all writes to them. */
import { Arena } from './arena.ts'
import { Blobs } from './blobs.ts'
import { WriteBarrier } from './write-barrier.ts'

export interface MemoryLimits {
  /** For rows, states and values. */
  readonly stateBytes: number
  /** For histories, ids, traits and whatever else is kept as bytes. */
  readonly bytesBytes: number
  /** The highest number of events that a window counts; 1,000,000 if it is not given. */
  readonly windowEventsMax?: number
}

/** As much as the arenas can hold: reserved, but taken only as it is needed. */
export const LARGE_MEMORY: MemoryLimits = { stateBytes: 2 * 1024 ** 3, bytesBytes: 2 * 1024 ** 3 }

/** Enough for thousands of actors. */
export const SMALL_MEMORY: MemoryLimits = { stateBytes: 1024 * 1024, bytesBytes: 2 * 1024 * 1024 }

export class ActorMemory {
  readonly state: Arena
  readonly bytes: Arena
  readonly barrier: WriteBarrier
  readonly blobs: Blobs

  constructor({ stateBytes, bytesBytes }: MemoryLimits) {
    this.state = new Arena(stateBytes)
    this.bytes = new Arena(bytesBytes)
    this.barrier = new WriteBarrier([this.state, this.bytes])
    this.blobs = new Blobs(this.bytes, this.barrier)
  }

  get usedBytes(): number {
    return this.state.usedBytes + this.bytes.usedBytes
  }
}
