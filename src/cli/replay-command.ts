/**
 * Commands in the events of a replay: `define`, `edit` and `remove` change the definitions at an instant; `delete`,
 * `suppress`, `unsuppress` and `unlink` are about people. One that is refused changes nothing.
 *
 * Example: {"command": "edit", "receivedAt": "2026-01-01T00:00:00Z", "key": "a", "query": "event('A').count() >= 2"}
 */
import { isDeepStrictEqual } from 'node:util'
import type { Definitions } from '../../actors/compiler/definitions.ts'
import { parseQuery } from '../language/parse.ts'
import type { DefinitionSource, DefinitionType } from '../model/definition.ts'
import type { Command } from '../model/entry.ts'
import { EngineError, kindOf } from '../model/errors.ts'
import type { ExternalId } from '../model/external-id.ts'
import { readersOf } from '../space/readers.ts'
import { readDefinition } from './definitions-file.ts'

/** A command that changes nothing. As with any other, what is due at its instant happens. */
const NOTHING: Command = { kind: 'suppress', ids: [] }

const COMMANDS = 'define, edit, remove, delete, suppress, unsuppress or unlink'

/** Reads a command. Throws an EngineError for one that is refused whoever is there. */
export function readCommand(line: Record<string, unknown>, definitions: Definitions): Command {
  switch (line['command']) {
    case 'define':
      return define(readDefinition(line['definition']), definitions)
    case 'edit':
      return edit(line, definitions)
    case 'remove':
      return remove(line, definitions)
    case 'delete':
      return { kind: 'delete', profile: userId(line, 'profile'), suppress: readFlag(line) }
    case 'suppress':
    case 'unsuppress':
      return { kind: line['command'], ids: readIds(line) }
    case 'unlink':
      return { kind: 'unlink', profile: userId(line, 'profile'), account: groupId(line) }
    default: {
      const { command } = line
      const got = typeof command === 'string' ? `'${command.slice(0, 40)}'` : kindOf(command)
      throw new EngineError('validation_error', `command: expected ${COMMANDS}, got ${got}`, 'command')
    }
  }
}

function define(definition: DefinitionSource, definitions: Definitions): Command {
  const { key, type } = definition
  if (definitions.find(key, type))
    throw new EngineError('key_taken', `definition.key: '${key}' is defined for ${type} already`, 'definition.key')
  return { kind: 'define', definition }
}

function edit(line: Record<string, unknown>, definitions: Definitions): Command {
  const source = present(line, definitions)
  const query = text(line, 'query')
  if (isDeepStrictEqual(parseQuery(query, source), parseQuery(source.query, source))) return NOTHING
  return { kind: 'define', definition: { ...source, query } }
}

function remove(line: Record<string, unknown>, definitions: Definitions): Command {
  const source = present(line, definitions)
  const all = definitions.inputs().map((input) => input.source)
  const readers = readersOf(source, all).map(({ key }) => `'${key}'`)
  if (readers.length > 0)
    throw new EngineError('in_use', `key: '${source.key}' is read by ${readers.join(', ')}`, 'key')
  return { kind: 'remove', key: source.key, type: source.type }
}

/** Returns the definition that a line names. */
function present(line: Record<string, unknown>, definitions: Definitions): DefinitionSource {
  const key = text(line, 'key')
  const type = typeOf(line['type'])
  const source = definitions.find(key, type)
  if (!source) throw new EngineError('not_found', `key: there is no definition '${key}' for ${type}`, 'key')
  return source
}

function typeOf(type: unknown): DefinitionType {
  if (type === undefined || type === 'USERS') return 'USERS'
  if (type === 'ACCOUNTS') return type
  throw new EngineError('validation_error', `type: expected USERS or ACCOUNTS, got ${kindOf(type)}`, 'type')
}

function userId(line: Record<string, unknown>, field: 'profile'): ExternalId {
  return readId(text(line, field), field)
}

function groupId(line: Record<string, unknown>): string {
  const { type, value } = readId(text(line, 'account'), 'account')
  if (type === 'group_id') return value
  throw new EngineError('validation_error', `account: expected group_id:…, got ${type}:…`, 'account')
}

function readIds(line: Record<string, unknown>): ExternalId[] {
  const { ids } = line
  if (!Array.isArray(ids))
    throw new EngineError('validation_error', `ids: expected a list of type:value, got ${kindOf(ids)}`, 'ids')
  return ids.map((id: unknown, index) => readId(id, `ids[${index}]`))
}

/** Reads an id, `user_id:u1`: a type, then a value that may have colons. */
function readId(id: unknown, field: string): ExternalId {
  const [, type, value] = (typeof id === 'string' && /^([^:]+):(.+)$/s.exec(id)) || []
  if (type !== undefined && value !== undefined) return { type, value }
  throw new EngineError('validation_error', `${field}: expected an id, type:value, got ${kindOf(id)}`, field)
}

function readFlag({ suppress }: Record<string, unknown>): boolean {
  if (suppress === undefined || typeof suppress === 'boolean') return suppress ?? false
  throw new EngineError('validation_error', `suppress: expected true or false, got ${kindOf(suppress)}`, 'suppress')
}

function text(line: Record<string, unknown>, field: 'key' | 'query' | 'profile' | 'account'): string {
  const value = line[field]
  if (typeof value === 'string' && value !== '') return value
  throw new EngineError('validation_error', `${field}: expected text that is not empty, got ${kindOf(value)}`, field)
}
