/** Puts definitions of Segment in an order in which each comes after those that it reads. */
import { type KeyTable, kindOfType, visitTraits } from '../../actors/compiler/references.ts'
import type { Query } from '../language/tree.ts'
import type { DefinitionSource, DefinitionType } from '../model/definition.ts'
import { EngineError } from '../model/errors.ts'
import type { DefinitionRecord } from '../model/space-command.ts'
import type { Fields, SegmentObject } from './segment-object.ts'

/** Names a definition: a key is one definition's for each type. */
export type DefinitionName = Pick<DefinitionSource, 'type' | 'key'>

/** A definition that would be taken by itself. */
export interface CheckedDefinition {
  readonly path: SegmentObject['path']
  /** The body of the request that makes it: the fields that Segment gives, and no more. */
  readonly body: Fields
  /** The record that the request would make. */
  readonly record: DefinitionRecord
  readonly query: Query
}

export interface MovableDefinition extends CheckedDefinition {
  /** Those that it reads of what was given, refused ones among them. */
  readonly reads: readonly DefinitionName[]
}

/** Returns a text that stands for the name. */
export function nameOf({ type, key }: DefinitionName): string {
  return `${type} ${key}`
}

/**
 * Orders definitions; those that read themselves by way of others, and their readers, have no place in it.
 * @param keys of all that was given, refused definitions too
 */
export function inOrderOfReading(
  definitions: readonly CheckedDefinition[],
  keys: KeyTable,
): { ordered: MovableDefinition[]; circular: MovableDefinition[] } {
  let waiting = definitions.map((one): MovableDefinition => ({ ...one, reads: namesIn(one, keys) }))
  const ordered: MovableDefinition[] = []
  for (;;) {
    const later = new Set(waiting.map(({ record }) => nameOf(record.source)))
    const isLater = ({ reads }: MovableDefinition): boolean => reads.some((name) => later.has(nameOf(name)))
    const next = waiting.filter((one) => !isLater(one))
    if (next.length === 0) return { ordered, circular: waiting }
    ordered.push(...next)
    waiting = waiting.filter(isLater)
  }
}

/** Returns the error of a definition that reads what is not there; undefined if all is there that it reads. */
export function unmetRead(
  { reads }: MovableDefinition,
  isThere: (name: DefinitionName) => boolean,
): EngineError | undefined {
  const unmet = reads.find((name) => !isThere(name))
  const field = 'definition.query'
  return unmet && new EngineError('not_found', `${field}: it reads '${unmet.key}', which could not be moved`, field)
}

function namesIn({ record: { source }, query }: CheckedDefinition, keys: KeyTable): DefinitionName[] {
  const names = new Map<string, DefinitionName>()
  const add = (type: DefinitionType, key: string) => names.set(nameOf({ type, key }), { type, key })
  visitTraits(query, kindOfType(source), (name, kind) => {
    const target = keys.resolve(kind, name)
    if (target.kind === 'own') add(kind === 'account' ? 'ACCOUNTS' : 'USERS', target.key)
    if (target.kind === 'account_audience') add('ACCOUNTS', target.key)
  })
  return [...names.values()]
}
