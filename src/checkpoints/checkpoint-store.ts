/**
 * Where checkpoints are kept: parts under names, in one set for each checkpoint; a checkpoint refers to parts of those
 * before it, as only what has changed is written.
 *
 * S1. A checkpoint is there once it is committed, whole, and not before.
 * S2. Only the owner of the journal changes anything; whoever was the owner before is told so.
 * S3. What is written survives the process once it has resolved.
 */
export interface CheckpointStore {
  /** Numbers of the committed ones, the newest first; at most two. */
  committed(): Promise<readonly number[]>
  read(checkpoint: number, names: readonly string[]): Promise<readonly (Buffer | undefined)[]>
  /**
   * Begins a checkpoint: forgets what an attempt of an earlier owner has left under its number. An owner uses a number
   * once: so a call that was given up, and arrives late, may leave all as it is.
   */
  begin(checkpoint: number): Promise<void>
  write(checkpoint: number, parts: readonly (readonly [name: string, bytes: Buffer])[]): Promise<void>
  /** It is the newest from now on, unless a later one is; `before` is the one to fall back to, if there is one. */
  commit(checkpoint: number, before: number | undefined): Promise<void>
  /** Forgets parts that no committed checkpoint refers to. */
  remove(checkpoint: number, names: readonly string[]): Promise<void>
}
