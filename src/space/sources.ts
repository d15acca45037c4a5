/**
 * The sources of a space: what sends it calls, each with write keys. A key that was rotated out is taken until its
 * overlap ends. Write keys are public in browsers: they are kept as they are.
 */
import type { SourceRecord, SpaceCommand } from '../model/space-command.ts'

/** The source whose write key the environment gives. */
export const DEFAULT_SOURCE_ID = 'default'

export class Sources {
  readonly #records = new Map<string, SourceRecord>()
  /** By write key, the id of its source. */
  readonly #keys = new Map<string, string>()
  /** The key that the environment gives; undefined if it gives none. */
  #given: string | undefined

  /** Restores sources into an empty instance. */
  restore(records: readonly SourceRecord[]): void {
    for (const source of records) this.#put(source)
  }

  /** Names the key of the first source; nothing of it is stored. */
  give(key: string): void {
    this.#given = key
  }

  /** Lists them in the order of creation, with the one of the environment. */
  list(): SourceRecord[] {
    const records = [...this.#records.values()]
    return this.#given === undefined || this.#records.has(DEFAULT_SOURCE_ID) ? records : [this.#first(), ...records]
  }

  find(id: string): SourceRecord | undefined {
    return this.list().find((source) => source.id === id)
  }

  /** Returns the id of the source that a key writes for; undefined if that is over. @param now epoch ms */
  sourceOf(key: string, now: number): string | undefined {
    const id = this.#keys.get(key) ?? (key === this.#given ? DEFAULT_SOURCE_ID : undefined)
    const source = id === undefined ? undefined : this.#records.get(id)
    if (!source) return id
    const known = source.writeKeys.find((one) => one.key === key)
    const isTaken = known ? (known.expiresAt ?? Infinity) > now : key === this.#given
    return source.enabled && isTaken ? id : undefined
  }

  /** True if destinations are told nothing of what the calls of a source change. */
  isQuiet(id: string): boolean {
    return this.#records.get(id)?.quiet === true
  }

  apply(command: Extract<SpaceCommand, { kind: 'put source' | 'remove source' }>): void {
    if (command.kind === 'put source') this.#put(command.source)
    else this.#drop(command.id)
  }

  /** Returns what is stored. */
  state(): SourceRecord[] {
    return [...this.#records.values()]
  }

  #put(source: SourceRecord): void {
    this.#forgetKeys(source.id)
    this.#records.set(source.id, source)
    for (const { key } of source.writeKeys) this.#keys.set(key, source.id)
  }

  #drop(id: string): void {
    this.#forgetKeys(id)
    this.#records.delete(id)
  }

  #forgetKeys(id: string): void {
    for (const { key } of this.#records.get(id)?.writeKeys ?? []) this.#keys.delete(key)
  }

  #first(): SourceRecord {
    const writeKeys = [{ key: this.#given!, createdAt: 0 }]
    return { id: DEFAULT_SOURCE_ID, name: 'Default', enabled: true, writeKeys, createdAt: 0 }
  }
}
