/**
 * Numbers the types of ids, in the order in which they are first seen, so that a row tells by bits which it has. The
 * last bit stands for all types that came when no other was left: calls may name types without end.
 */
import { ID_TYPE_BITS, ID_TYPES_SHIFT } from './row.ts'

/** The flag of a row that has ids of types without a bit of their own. */
export const OTHER_ID_TYPES = 1 << (ID_TYPES_SHIFT + ID_TYPE_BITS - 1)
/** The flags of a row that tell the types of its ids. */
export const ALL_ID_TYPES = -1 << ID_TYPES_SHIFT

export class IdTypes {
  readonly #flags = new Map<string, number>()
  /** The flags of sets that were asked for. */
  readonly #flagsOf = new WeakMap<ReadonlySet<string>, number>()

  /** Returns the flag of a type. */
  flag(type: string): number {
    const known = this.#flags.get(type)
    if (known !== undefined) return known
    if (this.#flags.size === ID_TYPE_BITS - 1) return OTHER_ID_TYPES
    const flag = 1 << (ID_TYPES_SHIFT + this.#flags.size)
    this.#flags.set(type, flag)
    return flag
  }

  /** Returns the flags of all types of a set, which must not change. */
  flagsOf(types: ReadonlySet<string>): number {
    let flags = this.#flagsOf.get(types)
    if (flags === undefined) {
      flags = 0
      for (const type of types) flags |= this.flag(type)
      this.#flagsOf.set(types, flags)
    }
    return flags
  }
}
