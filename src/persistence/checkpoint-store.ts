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
  /** Begins a checkpoint: forgets what an attempt that was never committed has left under its number. */
  begin(checkpoint: number): Promise<void>
  write(checkpoint: number, parts: readonly (readonly [name: string, bytes: Buffer])[]): Promise<void>
  /** It is the newest from now on, and `before` the one to fall back to, if there is one. */
  commit(checkpoint: number, before: number | undefined): Promise<void>
  /** Forgets parts that no committed checkpoint refers to. */
  remove(checkpoint: number, names: readonly string[]): Promise<void>
}
