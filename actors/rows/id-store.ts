/** The label of an actor, then the ids of a user or the group id of an account, as bytes: text after text. */
import { compareIdTypes, type ExternalId, type IdentityRules } from '../../src/model/external-id.ts'
import type { EventReader } from '../packing/event-codec.ts'
import { Scratch } from '../packing/scratch.ts'
import { BlobField } from './blob-field.ts'
import { ALL_ID_TYPES, IdTypes, OTHER_ID_TYPES } from './id-types.ts'
import { FLAGS, IDS } from './row.ts'
import type { Rows } from './rows.ts'

const scratch = new Scratch()

export class IdStore {
  readonly #rows: Rows
  readonly field: BlobField
  readonly #types = new IdTypes()

  constructor(rows: Rows) {
    this.#rows = rows
    this.field = new BlobField(rows, IDS * 2)
  }

  /** Returns the best id, `user_id:u1`. */
  label(row: number): string {
    return (this.field.open(row)?.reader.value() ?? '') as string
  }

  /** Returns the ids in the order in which they were added. */
  read(row: number): ExternalId[] {
    const texts = this.readTexts(row)
    const ids: ExternalId[] = []
    for (let at = 0; at < texts.length; at += 2) ids.push({ type: texts[at]!, value: texts[at + 1]! })
    return ids
  }

  /** Returns all but the label. */
  readTexts(row: number): string[] {
    const texts: string[] = []
    const opened = this.field.open(row)
    if (!opened) return texts
    const { reader, end } = opened
    while (reader.position < end) texts.push(reader.value() as string)
    return texts.slice(1)
  }

  /** Tells if a user has an id of one of these types, which must always be the same. Reads the ids only if it must. */
  hasAnyOf(row: number, types: ReadonlySet<string>): boolean {
    const held = this.#rows.memory.state.ints[(row + FLAGS) * 2]! & this.#types.flagsOf(types)
    if ((held & ~OTHER_ID_TYPES) !== 0) return true
    return held !== 0 && this.read(row).some(({ type }) => types.has(type))
  }

  /** Returns the numbers of those of the ids that a user has, in the order in which they were added. */
  numbersOf(row: number, ids: readonly ExternalId[]): number[] {
    const numbers: number[] = []
    const opened = this.field.open(row)
    if (!opened) return numbers
    const { reader, end } = opened
    reader.skipText()
    for (let number = 0; reader.position < end && numbers.length < ids.length; number++) {
      const start = reader.position
      for (const { type, value } of ids) {
        reader.position = start
        if (!reader.isText(type) || !reader.isText(value)) continue
        numbers.push(number)
        break
      }
      reader.position = start
      reader.skipText()
      reader.skipText()
    }
    return numbers
  }

  /** @param rules by which the best id is found */
  write(row: number, ids: readonly ExternalId[], rules: IdentityRules): void {
    const texts: string[] = []
    let flags = 0
    for (const { type, value } of ids) {
      texts.push(type, value)
      flags |= this.#types.flag(type)
    }
    this.writeTexts(row, ids.length === 0 ? '' : labelOf(ids, rules), texts)
    this.#setTypes(row, flags)
  }

  /** Sets the ids of a new user's row. */
  readFrom(reader: EventReader, row: number): void {
    this.field.readFrom(reader, row)
    let flags = 0
    for (const { type } of this.read(row)) flags |= this.#types.flag(type)
    this.#setTypes(row, flags)
  }

  #setTypes(row: number, flags: number): void {
    const { ints } = this.#rows.memory.state
    ints[(row + FLAGS) * 2] = (ints[(row + FLAGS) * 2]! & ~ALL_ID_TYPES) | flags
  }

  writeTexts(row: number, label: string, texts: readonly string[]): void {
    scratch.length = 0
    scratch.text(label)
    for (const text of texts) scratch.text(text)
    this.field.write(row, scratch)
  }

  release(row: number): void {
    this.field.release(row)
  }
}

/** Returns the best id by priority of the types; within a type, the first added. */
function labelOf(ids: readonly ExternalId[], rules: IdentityRules): string {
  let best = ids[0]!
  for (const id of ids) if (compareIdTypes(rules, id.type, best.type) < 0) best = id
  return `${best.type}:${best.value}`
}
