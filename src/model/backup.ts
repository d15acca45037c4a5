/** A backup: all of a space, as of one instant. */

export interface Backup {
  /** Epoch ms. */
  readonly asOf: number
  readonly bytes: AsyncIterable<Uint8Array>
}

/** A backup as a file of the server's. */
export interface BackupFile {
  readonly directory: string
  readonly name: string
  /** Epoch ms. */
  readonly asOf: number
}
