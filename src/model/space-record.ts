import type { TokenRecord } from './space-command.ts'

/** A space of an installation, beside the one that the environment names. */
export interface SpaceRecord {
  readonly id: string
  readonly name: string
  /** Epoch ms. */
  readonly createdAt: number
  /** True from the request to delete it until nothing of it is left. */
  readonly isEnding?: boolean
  /** True for the demonstration: everybody in it is invented. */
  readonly isDemonstration?: boolean
  /** The first token and source, until the space has them. */
  readonly first?: FirstAccess
}

/** The token, and the write key of the source, that a new space begins with. */
export interface FirstAccess {
  readonly token: TokenRecord
  readonly writeKey: string
}

/** The spaces that were made, kept where their journals are. */
export interface SpaceDirectory {
  list(): Promise<readonly SpaceRecord[]>
  put(record: SpaceRecord): Promise<void>
  remove(id: string): Promise<void>
}

/** A space as it is shown. */
export interface ShownSpace {
  readonly record: SpaceRecord
  readonly isOpen: boolean
}

/** The operations on spaces that the control API calls. */
export interface SpaceAdmin {
  /** Lists them, the first one first. */
  list(): readonly ShownSpace[]
  find(id: string): ShownSpace | undefined
  /** Makes a space; resolves when it takes input. Throws an EngineError if there is one of that id. */
  create(record: SpaceRecord): Promise<{ readonly accessToken: string; readonly writeKey: string }>
  /** Ends a space, and removes all that it had. */
  remove(id: string): Promise<void>
}
