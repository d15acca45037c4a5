/**
 * Memory for entries, an instant and an actor each, in any number of stacks. Whoever owns a stack keeps the place of
 * its top. A stack is a chain of chunks, so that it is written and read in sequence. A chunk that empties goes to a
 * free list: memory is 12.2 bytes for each of the most entries that there were at once and a chunk for each stack,
 * rounded up to a power of two.
 *
 * Places count from 0. A chunk begins at a multiple of `CHUNK_PLACES` and uses the first `CHUNK_ENTRIES` of them; the
 * rest of its memory holds the actors, and the place below the chunk.
 */

/** Doubles of a chunk: 256 bytes, four lines of the cache. */
const CHUNK_PLACES = 32
const CHUNK_ENTRIES = 21
/** 32-bit words of a chunk: those of the instants come first, then the actors, then the place below. */
const CHUNK_WORDS = CHUNK_PLACES * 2
const ACTORS = CHUNK_ENTRIES * 2
const BELOW = CHUNK_WORDS - 1
const CHUNKS_MIN = 64

/** The top of an empty stack. It counts as the last place of a chunk, so that the next entry begins one. */
export const NO_ENTRY = CHUNK_ENTRIES - 1 - CHUNK_PLACES

export class TimedEntries {
  #instants = new Float64Array(CHUNKS_MIN * CHUNK_PLACES)
  #words = new Int32Array(this.#instants.buffer)
  /** First places: of the first chunk that was never used, and of the first that is free again. */
  #unused = 0
  #free = NO_ENTRY

  instantOf(place: number): number {
    return this.#instants[place]!
  }

  actorOf(place: number): number {
    return this.#words[wordOf(place)]!
  }

  /** Returns the place below in the same stack, or `NO_ENTRY`. */
  below(place: number): number {
    return isFirst(place) ? this.#words[place * 2 + BELOW]! : place - 1
  }

  /** Puts an entry on a stack; returns the new top. */
  push(top: number, instant: number, actor: number): number {
    const above = top + 1
    const place = (above & (CHUNK_PLACES - 1)) === CHUNK_ENTRIES ? this.#chunkOn(top) : above
    this.#instants[place] = instant
    this.#words[wordOf(place)] = actor
    return place
  }

  /** Drops the top of a stack; returns the new top, or `NO_ENTRY`. */
  pop(top: number): number {
    if (!isFirst(top)) return top - 1
    const below = this.#words[top * 2 + BELOW]!
    this.#words[top * 2 + BELOW] = this.#free
    this.#free = top
    return below
  }

  /** Drops the entries of all stacks. */
  clear(): void {
    this.#unused = 0
    this.#free = NO_ENTRY
  }

  /** Begins a chunk above the top of a stack; returns its first place. */
  #chunkOn(top: number): number {
    let place = this.#free
    if (place !== NO_ENTRY) this.#free = this.#words[place * 2 + BELOW]!
    else {
      place = this.#unused
      this.#unused += CHUNK_PLACES
      if (place === this.#instants.length) this.#grow()
    }
    this.#words[place * 2 + BELOW] = top
    return place
  }

  #grow(): void {
    const instants = new Float64Array(this.#instants.length * 2)
    const words = new Int32Array(instants.buffer)
    // As words: what is no instant may change its bits when it is copied as a double.
    words.set(this.#words)
    this.#instants = instants
    this.#words = words
  }
}

/** Tells whether a place is the first of its chunk. */
function isFirst(place: number): boolean {
  return (place & (CHUNK_PLACES - 1)) === 0
}

/** Returns the index of the word that holds the actor of an entry. */
function wordOf(place: number): number {
  return place + (place & -CHUNK_PLACES) + ACTORS
}
