/** Checks commands about destinations and connections; one that breaks a rule is refused before it is journalled. */
import type { ConnectionRecord, DeliveryCommand } from '../model/destination.ts'
import { ACTIVATIONS_MAX } from '../model/activation.ts'
import { EngineError } from '../model/errors.ts'
import type { Connection } from './connection.ts'
import type { DestinationState } from './destination-state.ts'

export interface Existing {
  readonly destinations: ReadonlyMap<string, DestinationState>
  readonly connections: ReadonlyMap<string, Connection>
}

/** Throws an EngineError for a command that cannot be followed. */
export function checkDeliveryCommand(command: DeliveryCommand, existing: Existing): void {
  switch (command.kind) {
    case 'put destination': {
      const known = existing.destinations.get(command.destination.id)
      if (known && known.record.type !== command.destination.type)
        throw new EngineError('validation_error', 'type: the type of a destination is for good', 'type')
      return
    }
    case 'remove destination':
      presentDestination(command.id, existing, 'id')
      for (const { record } of existing.connections.values())
        if (record.destinationId === command.id)
          throw new EngineError('in_use', 'id: the destination is connected; remove its connections first', 'id')
      return
    case 'connect':
      checkConnection(command.connection, existing)
      return
    case 'disconnect':
      if ((present(command.id, existing).record.activations ?? []).length > 0)
        throw new EngineError('in_use', 'id: the connection has activations; remove them first', 'id')
      return
    case 'put activation': {
      const { activations = [] } = present(command.connectionId, existing).record
      if (activations.length >= ACTIVATIONS_MAX && activations.every(({ id }) => id !== command.activation.id))
        throw new EngineError('validation_error', `connection: expected at most ${ACTIVATIONS_MAX} activations of it`)
      return
    }
    case 'remove activation': {
      const { activations = [] } = present(command.connectionId, existing).record
      if (activations.every(({ id }) => id !== command.id))
        throw new EngineError('not_found', 'id: there is no such activation', 'id')
      return
    }
    case 'sync':
      if (!present(command.connectionId, existing).record.enabled)
        throw new EngineError('validation_error', 'connection: expected one that is enabled')
      return
    case 'sync step':
      return
    case 'approve':
    case 'reject':
      if (present(command.connectionId, existing).status !== 'waiting for approval')
        throw new EngineError('validation_error', 'connection: nothing of it waits for approval')
      return
    case 'resend':
      presentDestination(command.destinationId, existing, 'id')
  }
}

/** Allows at most one destination of a type for each audience or computed trait. */
function checkConnection({ id, destinationId, definitionId }: ConnectionRecord, existing: Existing): void {
  const { type } = presentDestination(destinationId, existing, 'destination.id').record
  for (const { record } of existing.connections.values()) {
    if (record.definitionId !== definitionId || record.id === id) continue
    if (existing.destinations.get(record.destinationId)?.record.type !== type) continue
    const field = 'destination.id'
    throw new EngineError('in_use', `${field}: a destination of type ${type} is connected already`, field)
  }
}

function present(id: string, { connections }: Existing): Connection {
  const connection = connections.get(id)
  if (!connection) throw new EngineError('not_found', 'id: there is no such connection', 'id')
  return connection
}

/** @param field the field of the request that names the destination */
function presentDestination(id: string, { destinations }: Existing, field: string): DestinationState {
  const destination = destinations.get(id)
  if (!destination) throw new EngineError('not_found', `${field}: there is no such destination`, field)
  return destination
}
