/** The health of a space at one instant: what is looked at for alerts. It names no person. */

export interface SpaceHealth {
  readonly spaceId: string
  /** The last fault of the engine, epoch ms; undefined if there was none. */
  readonly faultAt: number | undefined
  /** Undefined while the space has failed: nothing else is known of it then. */
  readonly running: RunningHealth | undefined
}

export interface RunningHealth {
  readonly isJournalReachable: boolean
  /** Requests that are not in the journal yet, and their bytes. */
  readonly waitingRequests: number
  readonly waitingBytes: number
  /** Undefined if the space keeps no checkpoints. */
  readonly checkpoint: CheckpointHealth | undefined
  readonly audiences: readonly AudienceHealth[]
  readonly destinations: readonly DestinationHealth[]
}

export interface CheckpointHealth {
  /** Since when entries wait for a checkpoint, epoch ms; undefined if none does. */
  readonly waitingSince: number | undefined
  readonly isFailing: boolean
}

export interface AudienceHealth {
  readonly id: string
  readonly key: string
  readonly size: number
  /** The size of an hour ago; undefined for an audience that is younger. */
  readonly sizeBefore: number | undefined
}

export interface DestinationHealth {
  readonly id: string
  readonly name: string
  /** False while its circuit is open. */
  readonly isReachable: boolean
}
