/** The spaces of a node, as the part that claims them has them opened and closed. */
import type { SpaceLoad } from './placement.ts'

export interface SpaceHost {
  /** Lists the ids of all spaces that there are. */
  listIds(): Promise<readonly string[]>
  /** Opens a space. Rejects if that cannot be done. */
  open(spaceId: string): Promise<void>
  /** Stores all that a space has, while it serves: closing it takes little then. */
  prepare(spaceId: string): Promise<void>
  /** Closes a space. @param isOrderly false: nothing more of it may be stored */
  close(spaceId: string, isOrderly: boolean): Promise<void>
  /** Describes an open space to the other nodes; undefined if it is not open. */
  describe(spaceId: string): HostedSpace | undefined
}

export interface HostedSpace {
  /** The epoch of its journal. */
  readonly epoch: number
  readonly load: SpaceLoad
  /** SHA-256, in hex. */
  readonly writeKeys: readonly string[]
  readonly tokens: readonly string[]
}
