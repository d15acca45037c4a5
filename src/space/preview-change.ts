/**
 * The change that a preview would make, by ordinal: who enters and who leaves the audience that it is held against, and
 * what connections would send because of it. An actor can be looked at again: its numbers are replaced.
 */
import { isDeepStrictEqual } from 'node:util'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { JsonValue } from '../model/json.ts'
import type { ChangeKind, PreviewDelivery } from '../model/preview.ts'
import type { DefinitionKind } from '../model/space-command.ts'

/** A connection that is asked what it would send. */
export interface TriedConnection {
  readonly destinationId: string
  /** Counts the calls because of a new value of an actor, and the users and accounts that they are about. */
  count(actor: SpaceActor, value: JsonValue): { readonly calls: number; readonly told: number }
  /** True if an approval is needed to tell so many. */
  isHeld(told: number): boolean
}

/** Once it is frozen, so many of those that enter or leave can be listed. */
export const LISTED_MAX = 50_000

const KINDS: readonly ChangeKind[] = ['entering', 'leaving', 'another value']
const CHUNK_SHIFT = 12
const CHUNK_ACTORS = 1 << CHUNK_SHIFT

class Chunk {
  /** The place of the kind among all, from 1; 0: no change. */
  readonly kinds = new Uint8Array(CHUNK_ACTORS)
  /** By connection: its calls, and whom they are about. */
  readonly calls: readonly Uint32Array[]
  readonly told: readonly Uint32Array[]

  constructor(connections: number) {
    this.calls = Array.from({ length: connections }, () => new Uint32Array(CHUNK_ACTORS))
    this.told = Array.from({ length: connections }, () => new Uint32Array(CHUNK_ACTORS))
  }
}

/** Compares a new value with what is held. */
export function changeOf(kind: DefinitionKind, value: JsonValue, held: JsonValue = null): ChangeKind | undefined {
  if (kind === 'computed_trait') return isDeepStrictEqual(value, held) ? undefined : 'another value'
  const [is, was] = [value === true, held === true]
  if (is === was) return undefined
  return is ? 'entering' : 'leaving'
}

export class PreviewChange {
  readonly #connections: readonly TriedConnection[]
  #chunks: (Chunk | undefined)[] = []
  /** The first ordinals of each kind, once it is frozen. */
  #frozen: Readonly<Record<ChangeKind, Int32Array>> | undefined
  readonly #calls: number[]
  readonly #told: number[]
  #others = 0

  constructor(connections: readonly TriedConnection[]) {
    this.#connections = connections
    this.#calls = connections.map(() => 0)
    this.#told = connections.map(() => 0)
  }

  /** Replaces what is known of an actor. @param kind undefined if nothing changes for it. @param value its new one */
  set(actor: SpaceActor, kind: ChangeKind | undefined, value: JsonValue): void {
    this.forget(actor.ordinal)
    if (!kind) return
    const chunk = (this.#chunks[actor.ordinal >> CHUNK_SHIFT] ??= new Chunk(this.#connections.length))
    const at = actor.ordinal & (CHUNK_ACTORS - 1)
    chunk.kinds[at] = KINDS.indexOf(kind) + 1
    if (kind === 'another value') this.#others++
    for (const [index, connection] of this.#connections.entries()) {
      const { calls, told } = connection.count(actor, value)
      this.#calls[index]! += chunk.calls[index]![at] = calls
      this.#told[index]! += chunk.told[index]![at] = told
    }
  }

  /** An actor does not change, or is no more. */
  forget(ordinal: number): void {
    const chunk = this.#chunks[ordinal >> CHUNK_SHIFT]
    if (!chunk) return
    const at = ordinal & (CHUNK_ACTORS - 1)
    if (KINDS[chunk.kinds[at]! - 1] === 'another value') this.#others--
    chunk.kinds[at] = 0
    for (const index of this.#connections.keys()) {
      this.#calls[index]! -= chunk.calls[index]![at]!
      this.#told[index]! -= chunk.told[index]![at]!
      chunk.calls[index]![at] = chunk.told[index]![at] = 0
    }
  }

  /** The number of actors that would have another value. */
  get others(): number {
    return this.#others
  }

  deliveries(): PreviewDelivery[] {
    return this.#connections.map((connection, index) => ({
      destinationId: connection.destinationId,
      calls: this.#calls[index]!,
      held: connection.isHeld(this.#told[index]!),
    }))
  }

  /** Yields the ordinals of a kind, from one on, in order. */
  *ordinals(kind: ChangeKind, from: number): Generator<number> {
    if (this.#frozen) {
      for (const ordinal of this.#frozen[kind]) if (ordinal >= from) yield ordinal
      return
    }
    const code = KINDS.indexOf(kind) + 1
    for (let index = from >> CHUNK_SHIFT; index < this.#chunks.length; index++) {
      const kinds = this.#chunks[index]?.kinds
      const start = index << CHUNK_SHIFT
      for (let at = Math.max(0, from - start); kinds && at < CHUNK_ACTORS; at++)
        if (kinds[at] === code) yield start + at
    }
  }

  /** Keeps the first of each kind, and the numbers; nothing can be set any more. */
  freeze(): void {
    const first = (kind: ChangeKind): Int32Array => {
      const ordinals: number[] = []
      for (const ordinal of this.ordinals(kind, 0)) if (ordinals.push(ordinal) === LISTED_MAX) break
      return Int32Array.from(ordinals)
    }
    this.#frozen = { entering: first('entering'), leaving: first('leaving'), 'another value': new Int32Array() }
    this.#chunks = []
  }
}
