/** The room that files of exports may take up together. */
import { EngineError } from '../model/errors.ts'

export interface DiskSpaceOptions {
  readonly bytesMax: number
  /** Removes the file that is needed least; false if all are needed. */
  readonly makeRoom: () => boolean
}

export class DiskSpace {
  readonly #options: DiskSpaceOptions
  #used = 0

  constructor(options: DiskSpaceOptions) {
    this.#options = options
  }

  /** Takes up room for a file. Throws an EngineError if there is none. */
  take(bytes: number): void {
    const { bytesMax, makeRoom } = this.#options
    while (this.#used + bytes > bytesMax)
      if (!makeRoom())
        throw new EngineError('rate_limit_error', `exports may take up ${bytesMax} bytes together; try again later`)
    this.#used += bytes
  }

  giveBack(bytes: number): void {
    this.#used -= bytes
  }
}
