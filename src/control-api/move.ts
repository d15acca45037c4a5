/**
 * Moves what has been read of Segment's objects into a space.
 *
 * M1. What is there stays as it is: an object that differs from it is refused.
 * M2. Each object is applied whole or not at all. A refused one keeps no others back, but for those that read it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Response } from 'express'
import type { DestinationRecord } from '../model/destination.ts'
import { MASK } from '../model/destination-admin.ts'
import { EngineError } from '../model/errors.ts'
import { newId } from '../model/new-id.ts'
import type { DefinitionKind, DefinitionRecord } from '../model/space-command.ts'
import {
  type MovableDestination,
  type Refusal,
  refusalOfDefinition,
  refusalOfDestination,
  type SegmentImport,
} from '../segment/read-segment.ts'
import { type DefinitionName, type MovableDefinition, nameOf, unmetRead } from '../segment/reading-order.ts'
import { type DestinationApiOptions, destinationRecord, putDestination } from './destination-router.ts'

export interface MoveOptions extends DestinationApiOptions {
  readonly find: (id: string, kind: DefinitionKind) => DefinitionRecord | undefined
  /** Returns the id of the definition that has, or had, a key; '' if there was none. */
  readonly idOf: (name: DefinitionName) => string
  /** True: nothing is changed, and what would be made has no id. */
  readonly isDryRun: boolean
  /** Answers the request whose token acts. */
  readonly response: Response
}

const LISTS = ['created', 'unchanged', 'refused', 'missingSecrets'] as const

/** One object, as it is shown in each list of the answer that it belongs to. */
type Outcome = Partial<Record<(typeof LISTS)[number], object>>

export class Move {
  readonly #options: MoveOptions
  /** Names of definitions that have been made, or would be. */
  readonly #made = new Set<string>()

  constructor(options: MoveOptions) {
    this.#options = options
  }

  /** Resolves with the lists of the answer when all is applied that can be. */
  async of({ definitions, destinations, refused }: SegmentImport): Promise<object> {
    const outcomes: readonly Outcome[] = [
      ...refused.map(refusal),
      ...(await Promise.all(this.#moveDefinitions(definitions))),
      ...(await Promise.all(destinations.map((destination) => this.#moveDestination(destination)))),
    ]
    return Object.fromEntries(LISTS.map((list) => [list, outcomes.flatMap((outcome) => outcome[list] ?? [])]))
  }

  /** Begins with a definition once all is done that it reads: those that need not wait go live at the same time. */
  #moveDefinitions(definitions: readonly MovableDefinition[]): Promise<Outcome>[] {
    const moves = new Map<string, Promise<Outcome>>()
    for (const definition of definitions) {
      const before = definition.reads.flatMap((name) => moves.get(nameOf(name)) ?? [])
      const move = Promise.all(before).then(() => this.#moveDefinition(definition))
      moves.set(nameOf(definition.record.source), move)
    }
    return [...moves.values()]
  }

  async #moveDefinition(definition: MovableDefinition): Promise<Outcome> {
    const { command, idOf, isDryRun, response } = this.#options
    const { record } = definition
    const { kind, key } = record.source
    const view = { kind, key, name: record.name }
    try {
      const found = this.#present(record.source)
      if (found) {
        checkSame(differencesOf(definition, found), 'key')
        return { unchanged: { ...view, id: found.id } }
      }
      const unmet = unmetRead(definition, (name) => this.#isThere(name))
      if (unmet) throw unmet
      if (idOf(record.source) !== '')
        throw new EngineError('key_taken', `key: '${key}' was that of a definition that is removed`, 'key')
      if (!isDryRun) await command({ kind: 'define', record }, response)
      this.#made.add(nameOf(record.source))
      return { created: isDryRun ? view : { ...view, id: record.id } }
    } catch (error) {
      return refusal(refusalOfDefinition(definition, error))
    }
  }

  async #moveDestination(destination: MovableDestination): Promise<Outcome> {
    const { destinations, isDryRun, response } = this.#options
    const { name, type } = destination
    const view = { kind: 'destination', name, type }
    const shown = (list: 'created' | 'unchanged', { id, missing }: DestinationRecord, isMade: boolean): Outcome => {
      const known = isMade ? { ...view, id } : view
      return { [list]: known, ...(missing.length > 0 && { missingSecrets: { ...known, missing } }) }
    }
    try {
      const found = destinations.list().find((one) => one.name === name)
      if (found) {
        checkSame(this.#differencesOf(destination, found), 'name')
        return shown('unchanged', found, true)
      }
      const record = this.#recordOf(destination)
      if (!isDryRun) await putDestination(record, this.#options, response)
      return shown('created', record, !isDryRun)
    } catch (error) {
      return refusal(refusalOfDestination(destination, error))
    }
  }

  #recordOf({ name, type, enabled, settings, missing }: MovableDestination): DestinationRecord {
    const now = this.#options.clock()
    const given = { ...settings, ...Object.fromEntries(missing.map((secret) => [secret, MASK])) }
    const asked = { id: newId('dst', now), type, name, enabled, createdAt: now, given }
    return destinationRecord(asked, this.#options, { isPartial: true })
  }

  /** Names the settings that differ. Secrets cannot be compared; and it may be enabled only here, or only there. */
  #differencesOf({ type, settings }: MovableDestination, found: DestinationRecord): string[] {
    if (type !== found.type) return ['type']
    const shown = this.#options.destinations.shown(found)
    return Object.keys(settings)
      .filter((name) => shown[name] !== MASK && !isDeepStrictEqual(settings[name], shown[name]))
      .map((name) => `settings.${name}`)
  }

  #isThere(name: DefinitionName): boolean {
    return this.#made.has(nameOf(name)) || this.#present(name) !== undefined
  }

  #present(name: DefinitionName): DefinitionRecord | undefined {
    const { idOf, find } = this.#options
    const id = idOf(name)
    return find(id, 'audience') ?? find(id, 'computed_trait')
  }
}

/** Keeps M1. */
function checkSame(differences: readonly string[], field: 'key' | 'name'): void {
  if (differences.length === 0) return
  const message = `${field}: what is there differs in ${differences.join(', ')}, and stays as it is`
  throw new EngineError('already_exists', message, field)
}

/** Names the fields of a definition of which Segment gives another value. */
function differencesOf({ body, record }: MovableDefinition, found: DefinitionRecord): string[] {
  if (record.source.kind !== found.source.kind) return ['kind']
  const described = (['name', 'description', 'enabled'] as const).filter(
    (field) => Object.hasOwn(body, field) && record[field] !== found[field],
  )
  const given = Object.keys(body['options'] ?? {})
  const options = given.filter((option) => !isDeepStrictEqual(record.options[option], found.options[option]))
  return [
    ...described,
    ...(record.source.query === found.source.query ? [] : ['query']),
    ...options.map((option) => `options.${option}`),
  ]
}

function refusal({ kind, key, name, code, message, field, data }: Refusal): Outcome {
  return { refused: { kind, key, name, code, message, field, data } }
}
