/** Checkpoints in the memory of the process, for tests. */
import type { CheckpointStore } from '../../src/checkpoints/checkpoint-store.ts'

export class MemoryCheckpoints implements CheckpointStore {
  /** The parts of each checkpoint, committed or not. */
  readonly parts: Map<number, Map<string, Buffer>>
  readonly #index: { committed: readonly number[] }

  /** @param of the same ones, as another process has them */
  constructor(of?: MemoryCheckpoints) {
    this.parts = of?.parts ?? new Map<number, Map<string, Buffer>>()
    this.#index = of ? of.#index : { committed: [] }
  }

  committed(): Promise<readonly number[]> {
    return Promise.resolve(this.#index.committed)
  }

  read(checkpoint: number, names: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    return Promise.resolve(names.map((name) => this.parts.get(checkpoint)?.get(name)))
  }

  begin(checkpoint: number): Promise<void> {
    this.parts.delete(checkpoint)
    return Promise.resolve()
  }

  write(checkpoint: number, parts: readonly (readonly [name: string, bytes: Buffer])[]): Promise<void> {
    const held = this.parts.get(checkpoint) ?? new Map<string, Buffer>()
    this.parts.set(checkpoint, held)
    for (const [name, bytes] of parts) held.set(name, Buffer.from(bytes))
    return Promise.resolve()
  }

  commit(checkpoint: number, before: number | undefined): Promise<void> {
    if (checkpoint < (this.#index.committed[0] ?? 0)) return Promise.resolve()
    this.#index.committed = before === undefined ? [checkpoint] : [checkpoint, before]
    return Promise.resolve()
  }

  remove(checkpoint: number, names: readonly string[]): Promise<void> {
    const held = this.parts.get(checkpoint)
    for (const name of names) held?.delete(name)
    if (held?.size === 0) this.parts.delete(checkpoint)
    return Promise.resolve()
  }
}
