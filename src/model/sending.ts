/** Sendings of a connection: it sends by itself as long as it has no activation, then by each that is enabled. */
import { type ActivationRecord, type ActivationType, isToldOf } from './activation.ts'
import type { ConnectionRecord } from './destination.ts'
import type { JsonValue } from './json.ts'

export interface Sending extends Pick<ConnectionRecord, 'sends' | 'events' | 'traits'> {
  /** Undefined: the connection itself. */
  readonly activationId: string | undefined
  /** Undefined: every value is sent. */
  readonly type: ActivationType | undefined
}

/** Lists what new deliveries of a connection are sent by. */
export function sendingsOf(record: ConnectionRecord): readonly Sending[] {
  const { activations = [] } = record
  if (activations.length === 0) return [ownOf(record)]
  return activations.filter(({ enabled }) => enabled).map((activation) => ofActivation(activation, record))
}

/**
 * Returns what a delivery is sent by; undefined if its activation is gone or disabled. One that was on its way when the
 * first activation came is still the connection's own.
 */
export function sendingOf(record: ConnectionRecord, activationId: string | undefined): Sending | undefined {
  if (activationId === undefined) return ownOf(record)
  const activation = record.activations?.find(({ id }) => id === activationId)
  return activation?.enabled ? ofActivation(activation, record) : undefined
}

/** True if the value is sent; only audiences, whose values are true and false, have activations. */
export function isSentBy({ type }: Sending, value: JsonValue): boolean {
  return type === undefined || isToldOf(type, value === true)
}

/** True if users are told, by a call to each. */
export function tellsUsers({ sends }: Pick<Sending, 'sends'>): boolean {
  return sends.identify || sends.track
}

function ownOf({ sends, events, traits }: ConnectionRecord): Sending {
  return { activationId: undefined, type: undefined, sends, events, traits }
}

function ofActivation({ id, type, traits, mapping }: ActivationRecord, connection: ConnectionRecord): Sending {
  const { events } = connection
  const own = { activationId: id, type, traits: { ...connection.traits, ...traits } }
  if (!mapping) return { ...own, sends: connection.sends, events }
  const { action } = mapping
  return {
    ...own,
    sends: { identify: action === 'identify', track: action === 'track', group: action === 'group' },
    events: {
      ...events,
      entered: mapping.events.entered ?? events.entered,
      exited: mapping.events.exited ?? events.exited,
    },
  }
}
