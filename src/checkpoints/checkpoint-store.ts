/**
 * The store of checkpoints: parts under names, in one set for each checkpoint. Only changed parts are written: a
 * checkpoint refers to parts of those before it.
 *
 * S1. A checkpoint is there once it is committed, whole, and not before.
 */
export interface CheckpointStore {
  /** Returns the numbers of the committed checkpoints, the newest first; at most two. */
  committed(): Promise<readonly number[]>
  read(checkpoint: number, names: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  /**
   * Begins a checkpoint: drops the parts that an earlier owner's attempt has left under its number. An owner uses a
   * number once: so a call that was given up, and arrives late, may leave all as it is.
   */
  begin(checkpoint: number): Promise<void>
  write(checkpoint: number, parts: readonly (readonly [name: string, bytes: Buffer])[]): Promise<void>
  /**
   * Makes it the newest, unless a later one is; `before` is the one to fall back to, if there is one.
   * @param place id of the journal's last entry that it holds. Rejects with a JournalLostError if that is gone
   */
  commit(checkpoint: number, before: number | undefined, place: string): Promise<void>
  /** Removes parts that no committed checkpoint refers to. */
  remove(checkpoint: number, names: readonly string[]): Promise<void>
}
