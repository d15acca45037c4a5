/**
 * Checks commands before they are journalled, against the state that they will be applied to. A command that passes is
 * applied without an error; one that breaks a rule changes nothing.
 */
import { type DeliveryCommand, isDeliveryCommand } from '../model/destination.ts'
import { EngineError } from '../model/errors.ts'
import type { EngineEntry } from './engine-entry.ts'
import type { Space } from './space.ts'

/**
 * Returns the entry with the definitions that its command compiles to, so that they are compiled once. Throws an
 * EngineError that names the field at fault.
 */
export function checkedEntry(entry: EngineEntry, space: Space): EngineEntry {
  if (entry.journalled.kind !== 'command') return entry
  const { command } = entry.journalled
  if (isDeliveryCommand(command)) checkDelivery(command, space)
  else space.registry.check(command)
  const engineCommand = entry.kind === 'command' ? entry.command : undefined
  // A definition that is kept and not computed must be one that could be.
  if (command.kind === 'define' && engineCommand?.kind !== 'define')
    space.shard.compile({ kind: 'define', definition: command.record.source }, entry.receivedAt)
  // Whoever a regulation is about may be known to nobody.
  if (!engineCommand || (command.kind === 'delete' && command.regulationId !== undefined)) return entry
  return { ...entry, compiled: space.shard.compile(engineCommand, entry.receivedAt) }
}

function checkDelivery(command: DeliveryCommand, { outbox, registry }: Space): void {
  outbox.check(command)
  if (command.kind === 'connect' && !registry.get(command.connection.definitionId))
    throw new EngineError('not_found', 'id: there is no such audience or computed trait', 'id')
}
