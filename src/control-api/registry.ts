/**
 * The records of a space's definitions, beside the engine and fed by the same entries of the journal.
 *
 * R1. A key is one definition's per type of actor, for good: after it is deleted too, as destinations may still hold
 *     it.
 * R2. What is defined in the engine is exactly what is enabled here.
 */
import type { DefinitionSource } from '../model/definition.ts'
import type { Command } from '../model/entry.ts'
import { EngineError } from '../model/errors.ts'
import type { DefinitionKind, DefinitionRecord, SpaceCommand } from './record.ts'

/** A record with its place in the order of creation. */
export interface ListedRecord {
  readonly sequence: number
  readonly record: DefinitionRecord
}

export class DefinitionRegistry {
  readonly #records = new Map<string, ListedRecord>()
  readonly #keysUsed = new Set<string>()
  #sequence = 0

  find(id: string, kind: DefinitionKind): DefinitionRecord | undefined {
    const record = this.#records.get(id)?.record
    return record?.source.kind === kind ? record : undefined
  }

  /** In the order of creation. */
  list(kind: DefinitionKind): ListedRecord[] {
    return [...this.#records.values()].filter(({ record }) => record.source.kind === kind)
  }

  /** Throws an EngineError for a command that `apply` could not follow. Keeps R1. */
  check(command: SpaceCommand): void {
    if (command.kind === 'remove') this.#present(command.id)
    else if (command.kind === 'retain') return
    else if (this.#keysUsed.has(keyOf(command.record.source)))
      throw new EngineError('key_taken', `key: '${command.record.source.key}' is, or was, taken`, 'key')
  }

  /** The engine's part of a command that has passed `check`; undefined where the engine has none. Keeps R2. */
  engineCommand(command: SpaceCommand): Command | undefined {
    if (command.kind === 'retain') return command
    const { enabled, source } = command.kind === 'define' ? command.record : this.#present(command.id)
    if (!enabled) return undefined
    if (command.kind === 'define') return { kind: 'define', definition: source }
    return { kind: 'remove', key: source.key, type: source.type }
  }

  apply(command: SpaceCommand): void {
    if (command.kind === 'retain') return
    if (command.kind === 'remove') {
      this.#records.delete(command.id)
      return
    }
    const { record } = command
    this.#records.set(record.id, { sequence: ++this.#sequence, record })
    this.#keysUsed.add(keyOf(record.source))
  }

  #present(id: string): DefinitionRecord {
    const listed = this.#records.get(id)
    if (!listed) throw new EngineError('not_found', 'id: there is no such definition', 'id')
    return listed.record
  }
}

function keyOf({ type, key }: Pick<DefinitionSource, 'type' | 'key'>): string {
  return `${type}:${key}`
}
