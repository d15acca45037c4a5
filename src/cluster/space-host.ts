/** The spaces of a node, as the part that claims them has them opened and closed. */
import type { SpaceLoad } from './placement.ts'

export interface SpaceHost {
  /** Lists the ids of all spaces that there are. */
  listIds(): Promise<readonly string[]>
  /** Opens a space. Rejects if that cannot be done. */
  open(spaceId: string): Promise<void>
  /** Stores all that a space has, while it serves: closing it takes little then. */
  prepare(spaceId: string): Promise<void>
  /** Closes a space; resolves when another node may open it. */
  close(spaceId: string, ending: SpaceEnding): Promise<void>
  /** Follows these spaces of other nodes from now on, and no others. */
  follow(spaceIds: readonly string[]): void
  /** Lists the spaces that are followed and can be gone on with at once. */
  readonly standbyIds: readonly string[]
  /** Describes an open space to the other nodes; undefined if it is not open. */
  describe(spaceId: string): HostedSpace | undefined
}

/**
 * The way in which a space is closed: `stored`, with all that it has; `handed over`, as another node has all of it;
 * `dropped`, as it is another's: nothing more of it may be stored.
 */
export type SpaceEnding = 'stored' | 'handed over' | 'dropped'

export interface HostedSpace {
  /** The epoch of its journal. */
  readonly epoch: number
  readonly load: SpaceLoad
  /** SHA-256, in hex. */
  readonly writeKeys: readonly string[]
  readonly tokens: readonly string[]
}
