/**
 * The records of a space's definitions, beside the engine and fed by the same entries of the journal.
 *
 * R1. A key is one definition's per type of actor, for good: after it is deleted too, as destinations may still hold
 *     it.
 * R2. What is defined in the engine is exactly what is enabled here.
 * R3. What others read is neither removed nor disabled. What is disabled reads nothing, and nothing reads it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { DefinitionSource } from '../model/definition.ts'
import type { Command } from '../model/entry.ts'
import { EngineError } from '../model/errors.ts'
import type { Retention } from '../model/retention.ts'
import type {
  DefinitionKind,
  DefinitionRecord,
  ListedRecord,
  SourceRecord,
  SpaceCommand,
  TokenRecord,
} from '../model/space-command.ts'
import { readersOf } from './readers.ts'
import { Regulations, type RegulationsState } from './regulations.ts'
import { Sources } from './sources.ts'
import { Tokens } from './tokens.ts'

/** Readers that a refusal names; of more it says how many. */
const READERS_NAMED_MAX = 10

/** The whole state as plain data. */
export interface RegistryState {
  readonly records: readonly ListedRecord[]
  /** By key, of every key that was ever used, the id of its definition. */
  readonly ids: readonly (readonly [key: string, id: string])[]
  readonly sequence: number
  readonly tokens: readonly TokenRecord[]
  /** Absent in checkpoints that are older than sources. */
  readonly sources?: readonly SourceRecord[]
  /** Absent in checkpoints that are older than regulations. */
  readonly regulations?: RegulationsState
  /** Absent if the space has chosen none. */
  readonly retention?: Partial<Retention>
}

export class Registry {
  readonly tokens = new Tokens()
  readonly sources = new Sources()
  readonly regulations: Regulations
  readonly #records = new Map<string, ListedRecord>()
  /** By key, the id of the definition that has, or had, it. */
  readonly #ids = new Map<string, string>()
  #sequence = 0
  #revision = 0
  #retention: Partial<Retention> = {}

  constructor(regulations = new Regulations()) {
    this.regulations = regulations
  }

  static of({ records, ids, sequence, tokens, sources = [], regulations, retention = {} }: RegistryState): Registry {
    const registry = new Registry(regulations && Regulations.of(regulations))
    for (const listed of records) registry.#records.set(listed.record.id, listed)
    for (const [key, id] of ids) registry.#ids.set(key, id)
    registry.#sequence = sequence
    registry.#retention = retention
    registry.tokens.restore(tokens)
    registry.sources.restore(sources)
    return registry
  }

  state(): RegistryState {
    return {
      records: [...this.#records.values()],
      ids: [...this.#ids],
      sequence: this.#sequence,
      tokens: this.tokens.list(),
      sources: this.sources.state(),
      regulations: this.regulations.state(),
      ...(Object.keys(this.#retention).length > 0 && { retention: this.#retention }),
    }
  }

  /** The bounds that the space itself has chosen. */
  get retention(): Partial<Retention> {
    return this.#retention
  }

  /** Changes with the records. */
  get revision(): number {
    return this.#revision
  }

  /** Returns the record of a definition of either kind. */
  get(id: string): DefinitionRecord | undefined {
    return this.#records.get(id)?.record
  }

  find(id: string, kind: DefinitionKind): DefinitionRecord | undefined {
    const record = this.#records.get(id)?.record
    return record?.source.kind === kind ? record : undefined
  }

  /** Returns the id of the definition that has, or had, a key; '' if there was none. */
  idOf(source: Pick<DefinitionSource, 'type' | 'key'>): string {
    return this.#ids.get(keyOf(source)) ?? ''
  }

  /** Lists the records in the order of creation. */
  list(kind: DefinitionKind): ListedRecord[] {
    return [...this.#records.values()].filter(({ record }) => record.source.kind === kind)
  }

  /** Throws an EngineError for a command that `apply` could not follow. Keeps R1 and R3. */
  check(command: SpaceCommand): void {
    if (command.kind === 'remove') this.#checkUnread(this.#present(command.id), 'id')
    if (command.kind !== 'define') return
    const { id, source, enabled } = command.record
    const known = this.#records.get(id)?.record
    if (command.ifUpdatedAt !== undefined && known?.updatedAt !== command.ifUpdatedAt)
      throw new EngineError('outdated', 'ifUpdatedAt: it has been changed or removed since then', 'ifUpdatedAt')
    if (known ? keyOf(known.source) !== keyOf(source) : this.#ids.has(keyOf(source)))
      throw new EngineError('key_taken', `key: '${source.key}' is, or was, taken`, 'key')
    if (known && !enabled) this.#checkUnread(known, 'enabled')
  }

  /**
   * Returns the engine's part of a command that has passed `check`; undefined if the engine has none. Keeps R2.
   * @param isKnown tells if the engine has a definition, or keeps its last values
   */
  engineCommand(command: SpaceCommand, isKnown: (source: DefinitionSource) => boolean): Command | undefined {
    switch (command.kind) {
      case 'retain':
      case 'use rules':
      case 'proceed':
      case 'suppress':
      case 'unsuppress':
      case 'unlink':
        return command
      case 'delete': {
        const { kind, profile, suppress } = command
        return { kind, profile, suppress }
      }
      case 'regulate':
        return suppressionOf(command)
      default:
        return this.#definitionCommand(command, isKnown)
    }
  }

  #definitionCommand(command: SpaceCommand, isKnown: (source: DefinitionSource) => boolean): Command | undefined {
    if (command.kind !== 'define' && command.kind !== 'remove') return undefined
    const { inSteps = false } = command
    const before = this.#records.get(command.kind === 'define' ? command.record.id : command.id)?.record
    const after = command.kind === 'define' ? command.record : undefined
    if (after?.enabled) {
      const isSame = before?.enabled === true && isDeepStrictEqual(before.source, after.source)
      return isSame ? undefined : { kind: 'define', definition: after.source, ...(inSteps && { inSteps }) }
    }
    if (!before || !(before.enabled || (inSteps && !after && isKnown(before.source)))) return undefined
    const { key, type } = before.source
    return { kind: 'remove', key, type, ...(inSteps && { inSteps, isKept: after !== undefined }) }
  }

  /** @param now receive time of the entry, epoch ms */
  apply(command: SpaceCommand, now: number): void {
    this.#revision++
    switch (command.kind) {
      case 'define':
        this.#define(command.record)
        return
      case 'remove':
        this.#records.delete(command.id)
        return
      case 'add token':
      case 'remove token':
        this.tokens.apply(command)
        return
      case 'put source':
      case 'remove source':
        this.sources.apply(command)
        return
      case 'retain':
        this.#retention = command.chosen ?? this.#retention
        return
      case 'regulate':
        this.regulations.begin(command, now)
        return
      case 'end regulation':
        this.regulations.end(command.id)
        return
      case 'delete':
        this.regulations.deleted(command, now)
        return
      // The others concern the engine, or the outbox.
      default:
        return
    }
  }

  #define(record: DefinitionRecord): void {
    const sequence = this.#records.get(record.id)?.sequence ?? ++this.#sequence
    this.#records.set(record.id, { sequence, record })
    this.#ids.set(keyOf(record.source), record.id)
  }

  /** Lists the enabled definitions that read a definition. */
  readersOf(id: string): DefinitionRecord[] {
    const source = this.get(id)?.source
    if (!source) return []
    const enabled = [...this.#records.values()].filter(({ record }) => record.enabled).map(({ record }) => record)
    const readers = new Set(readersOf(source, [...new Set([source, ...enabled.map((record) => record.source)])]))
    return enabled.filter((record) => record.id !== id && readers.has(record.source))
  }

  /** Throws an EngineError that names the keys of those that read the definition. */
  #checkUnread({ id, enabled }: DefinitionRecord, field: 'id' | 'enabled'): void {
    if (!enabled) return
    const keys = this.readersOf(id).map(({ source }) => `'${source.key}'`)
    if (keys.length === 0) return
    const unnamed = keys.length - READERS_NAMED_MAX
    const named = keys.slice(0, READERS_NAMED_MAX).join(', ') + (unnamed > 0 ? ` and ${unnamed} more` : '')
    const { key } = this.get(id)!.source
    const message = `${field}: '${key}' is read by ${named}; change, disable or remove what reads it first`
    throw new EngineError('in_use', message, field)
  }

  #present(id: string): DefinitionRecord {
    const listed = this.#records.get(id)
    if (!listed) throw new EngineError('not_found', 'id: there is no such definition', 'id')
    return listed.record
  }
}

/** Returns the suppression that a regulation brings at once. */
function suppressionOf({ regulation, userIds }: Extract<SpaceCommand, { kind: 'regulate' }>): Command | undefined {
  const ids = userIds.map((value) => ({ type: 'user_id', value }))
  switch (regulation.type) {
    case 'SUPPRESS_ONLY':
    case 'SUPPRESS_WITH_DELETE':
      return { kind: 'suppress', ids }
    case 'UNSUPPRESS':
      return { kind: 'unsuppress', ids }
    case 'DELETE_ONLY':
      return undefined
  }
}

function keyOf({ type, key }: Pick<DefinitionSource, 'type' | 'key'>): string {
  return `${type}:${key}`
}
