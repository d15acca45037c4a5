/** Deliveries, connections and destinations as tests of deliveries are given them. */
import type { Delivery } from '../../src/outbox/delivery.ts'
import type { ActivationRecord } from '../../src/model/activation.ts'
import type { ConnectionRecord, DestinationRecord } from '../../src/model/destination.ts'
import type { ExternalId } from '../../src/model/external-id.ts'

/** `user_id:u1 email:a@x` as ids. */
export function ids(text: string): ExternalId[] {
  return text.split(' ').map((id) => {
    const [type, value] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)]
    return { type, value }
  })
}

export function delivery(number: number, changes: Partial<Delivery> = {}): Delivery {
  const actor = changes.actor ?? 0
  return {
    number,
    connectionId: 'con_1',
    actor,
    owner: actor,
    ownId: actor,
    subject: { kind: 'user', ids: ids(`user_id:u${actor}`), only: undefined },
    profile: `user_id:u${actor}`,
    value: true,
    sequence: 1,
    at: 0,
    queuedAt: 0,
    resync: 0,
    traits: undefined,
    ...changes,
  }
}

export function destination(changes: Partial<DestinationRecord> = {}): DestinationRecord {
  return {
    id: 'dst_1',
    type: 'webhook',
    name: 'Webhook',
    enabled: true,
    settings: {},
    sealed: '',
    missing: [],
    createdAt: 0,
    updatedAt: 0,
    ...changes,
  }
}

export function connection(changes: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    id: 'con_1',
    destinationId: 'dst_1',
    definitionId: 'aud_1',
    kind: 'audience',
    type: 'USERS',
    key: 'vips',
    includesAnonymous: false,
    enabled: true,
    sends: { identify: true, track: false, group: false },
    events: { entered: 'Audience Entered', exited: 'Audience Exited', computed: 'Trait Computed' },
    idSync: [],
    traits: {},
    approval: { members: 1_000_000, share: 1 },
    createdAt: 0,
    updatedAt: 0,
    ...changes,
  }
}

/** Tells of entries, as `act_entries`, unless changed. */
export function activation(changes: Partial<ActivationRecord> = {}): ActivationRecord {
  return {
    id: 'act_entries',
    name: 'Entries',
    type: 'Audience Entered',
    enabled: true,
    traits: {},
    createdAt: 0,
    updatedAt: 0,
    ...changes,
  }
}
