/** The label of an actor, then the ids of a user or the group id of an account, as bytes: text after text. */
import { compareIdTypes, type ExternalId, type IdentityRules } from '../../src/model/external-id.ts'
import { EventReader, Scratch } from '../packing/event-codec.ts'
import { NO_NAMES } from '../packing/name-table.ts'
import { IDS } from './row.ts'
import type { Rows } from './rows.ts'

const scratch = new Scratch()

export class IdStore {
  readonly #rows: Rows

  constructor(rows: Rows) {
    this.#rows = rows
  }

  reference(row: number): number {
    return this.#rows.memory.state.ints[(row + IDS) * 2]!
  }

  /** Returns the best id, `user_id:u1`. */
  label(row: number): string {
    const at = this.reference(row)
    if (at === 0) return ''
    const { blobs, bytes } = this.#rows.memory
    return new EventReader(bytes.bytes, NO_NAMES, blobs.start(at)).value() as string
  }

  /** Returns the ids in the order in which they were added. */
  read(row: number): ExternalId[] {
    const texts = this.readTexts(row)
    const ids: ExternalId[] = []
    for (let at = 0; at < texts.length; at += 2) ids.push({ type: texts[at]!, value: texts[at + 1]! })
    return ids
  }

  readTexts(row: number): string[] {
    const at = this.reference(row)
    const texts: string[] = []
    if (at === 0) return texts
    const { blobs, bytes } = this.#rows.memory
    const end = blobs.start(at) + blobs.length(at)
    const reader = new EventReader(bytes.bytes, NO_NAMES, blobs.start(at))
    reader.value()
    while (reader.position < end) texts.push(reader.value() as string)
    return texts
  }

  /** @param rules by which the best id is found */
  write(row: number, ids: readonly ExternalId[], rules: IdentityRules): void {
    const texts = ids.flatMap(({ type, value }) => [type, value])
    this.writeTexts(row, ids.length === 0 ? '' : labelOf(ids, rules), texts)
  }

  writeTexts(row: number, label: string, texts: readonly string[]): void {
    scratch.length = 0
    scratch.text(label)
    for (const text of texts) scratch.text(text)
    this.release(row)
    const { blobs, state } = this.#rows.memory
    state.ints[(row + IDS) * 2] = blobs.add(scratch.bytes, scratch.length)
  }

  release(row: number): void {
    this.#rows.touch(row)
    this.#rows.memory.blobs.remove(this.reference(row))
    this.#rows.memory.state.ints[(row + IDS) * 2] = 0
  }
}

/** Returns the best id by priority of the types; within a type, the first added. */
function labelOf(ids: readonly ExternalId[], rules: IdentityRules): string {
  let best = ids[0]!
  for (const id of ids) if (compareIdTypes(rules, id.type, best.type) < 0) best = id
  return `${best.type}:${best.value}`
}
