/** A space that tells destinations, in a test's hands: entries as the journal has them, deliveries as short lines. */
import { Subject } from 'rxjs'
import { Shard } from '../../actors/engine/shard.ts'
import type { ShardOptions } from '../../actors/engine/shard-state.ts'
import { Registry } from '../../src/space/registry.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { callsOf } from '../../src/calls/calls.ts'
import { SpaceOutbox } from '../../src/outbox/space-outbox.ts'
import type { Delivery } from '../../src/outbox/delivery.ts'
import type { OutboxLimits } from '../../src/outbox/destination-state.ts'
import { toEngineEntry, type EngineEntry } from '../../src/space/engine-entry.ts'
import type { ActivationRecord } from '../../src/model/activation.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { type ConnectionRecord, isDeliveryCommand } from '../../src/model/destination.ts'
import type { ExternalId } from '../../src/model/external-id.ts'
import type { JournalEntry } from '../../src/journal/journal.ts'
import { AuditLog } from '../../src/space/audit-log.ts'
import { AudienceSizes } from '../../src/space/audience-sizes.ts'
import { ObservedNames } from '../../src/space/observed-names.ts'
import { RecentTransitions } from '../../src/space/recent-transitions.ts'
import { applyEntries, countedSpaceOf, viewOf } from '../../src/space/space.ts'
import { reopened } from '../support/reopened.ts'
import { START } from '../support/space.ts'
import { activation, connection, destination } from './given.ts'

export type Entry = JournalEntry<SpaceCommand>

const LIMITS: OutboxLimits = { lanes: 4, waitingMax: 1_000, collapseMs: 60_000 }

export interface ToldSpaceOptions {
  readonly limits?: Partial<OutboxLimits>
  readonly shard?: ShardOptions
}

export class ToldSpace {
  readonly journal: Entry[] = []
  outbox: SpaceOutbox
  now = 0
  #shard: Shard
  #registry: Registry
  /** Numbers of deliveries that were read off already. */
  #readUntil = 0
  #calls = 0
  readonly #options: ToldSpaceOptions
  #entries!: Subject<EngineEntry>

  constructor(options: ToldSpaceOptions = {}) {
    this.#options = options
    this.outbox = new SpaceOutbox(() => this.#limits)
    this.#shard = new Shard({ ...options.shard, observer: this.outbox })
    this.#registry = new Registry()
    this.#begin()
    this.apply({ kind: 'tick', receivedAt: START })
  }

  /** Defines each, and connects it to a destination of its own name: `con_vips` tells `dst_1` of `vips`. */
  static of(definitions: readonly DefinitionSource[], changes: Partial<ConnectionRecord> = {}): ToldSpace {
    const space = new ToldSpace()
    space.command({ kind: 'put destination', destination: destination() })
    for (const source of definitions) {
      space.define(source)
      space.connect(source, changes)
    }
    return space
  }

  get #limits(): OutboxLimits {
    return { ...LIMITS, ...this.#options.limits }
  }

  #begin(): void {
    this.outbox.attach(viewOf(this.#shard))
    this.#entries = new Subject()
    const [recent, sizes] = [new RecentTransitions(), new AudienceSizes()]
    const [observed, audit] = [new ObservedNames(), new AuditLog()]
    sizes.attach(countedSpaceOf(this.#shard))
    const space = { shard: this.#shard, registry: this.#registry, outbox: this.outbox, recent, sizes, observed, audit }
    this.#entries.pipe(applyEntries(space)).subscribe({
      error: (cause: unknown) => {
        throw cause
      },
    })
  }

  /** As it was read back from a checkpoint. */
  reopen(): void {
    const [state, outboxes] = structuredClone([this.outbox.state(), this.outbox.outboxes()] as const)
    const registry = structuredClone(this.#registry.state())
    this.outbox = SpaceOutbox.of(state, () => this.#limits)
    for (const outbox of outboxes) this.outbox.restore(outbox)
    this.#shard = reopened(this.#shard, { ...this.#options.shard, observer: this.outbox })
    this.#registry = Registry.of(registry)
    this.#begin()
  }

  apply(entry: Entry): void {
    this.journal.push(entry)
    this.#entries.next(toEngineEntry(entry, { shard: this.#shard, registry: this.#registry, outbox: this.outbox }))
  }

  /** Gives what is told because of it. */
  call(endpoint: 'identify' | 'track' | 'group', body: Readonly<Record<string, unknown>>, at = this.now): string[] {
    this.now = at
    const timestamp = new Date(START + at).toISOString()
    const whole = { timestamp, messageId: `m${++this.#calls}`, ...body }
    const request = { endpoint, sourceId: 'web', body: Buffer.from(JSON.stringify(whole)) }
    this.apply({ kind: 'requests', receivedAt: START + at, requests: [request] })
    return this.told()
  }

  track(userId: string, event: string, properties: Readonly<Record<string, unknown>> = {}, at?: number): string[] {
    return this.call('track', { userId, event, properties }, at)
  }

  identify(userId: string, traits: Readonly<Record<string, unknown>> = {}, at?: number): string[] {
    return this.call('identify', { userId, traits }, at)
  }

  group(userId: string, groupId: string, traits: Readonly<Record<string, unknown>> = {}, at?: number): string[] {
    return this.call('group', { userId, groupId, traits }, at)
  }

  until(at: number): string[] {
    this.now = at
    this.apply({ kind: 'tick', receivedAt: START + at + 1 })
    return this.told()
  }

  command(command: SpaceCommand, at = this.now): string[] {
    this.now = at
    if (isDeliveryCommand(command)) this.outbox.check(command)
    this.apply({ kind: 'command', receivedAt: START + at, command })
    return this.told()
  }

  get shard(): Shard {
    return this.#shard
  }

  /** True while definitions change in steps. */
  get isChanging(): boolean {
    return this.#shard.changeover.progress !== undefined
  }

  define(source: DefinitionSource, enabled = true, inSteps = false): string[] {
    const times = { createdAt: START, updatedAt: START }
    const names = { name: source.key, description: '', options: {} }
    return this.command({
      kind: 'define',
      record: { id: idOf(source), enabled, source, ...names, ...times },
      ...(inSteps && { inSteps }),
    })
  }

  connect(source: DefinitionSource, changes: Partial<ConnectionRecord> = {}, sync?: 'present' | 'known'): string[] {
    const { key, type, kind } = source
    const record = connection({ id: `con_${key}`, definitionId: idOf(source), key, type, kind, ...changes })
    return this.command({ kind: 'connect', connection: record, ...(sync && { sync }) })
  }

  /** Makes or changes an activation of the connection of a definition. */
  activate(source: DefinitionSource, changes: Partial<ActivationRecord> = {}, sync?: 'present' | 'known'): string[] {
    const [connectionId, record] = [`con_${source.key}`, activation(changes)]
    return this.command({ kind: 'put activation', connectionId, activation: record, ...(sync && { sync }) })
  }

  /** Takes the syncs under way as far as they go. */
  sync(pages = 1): string[] {
    const lines: string[] = []
    for (let step = 0; step < 1_000; step++) {
      const next = this.outbox.syncs.nextStep({ pages, waitingMax: 1_000_000 })
      if (!next) return lines
      lines.push(...this.command(next))
    }
    throw new Error('the sync does not end')
  }

  waiting(destinationId = 'dst_1'): Delivery[] {
    const { lines = [] } = this.outbox.outboxes().find((outbox) => outbox.destinationId === destinationId) ?? {}
    return lines.flatMap(({ deliveries }) => deliveries).sort((a, b) => a.number - b.number)
  }

  /** Lists the deliveries that have come since the last call, as lines, in the order of their numbers. */
  told(): string[] {
    const all = [...this.outbox.destinations()].flatMap(({ record }) => this.waiting(record.id))
    const fresh = all.filter(({ number }) => number > this.#readUntil).sort((a, b) => a.number - b.number)
    this.#readUntil = Math.max(this.#readUntil, ...all.map(({ number }) => number))
    return fresh.map((one) => lineOf(one))
  }

  /** All that waits arrives, in order. Gives how many that were. */
  deliverAll(destinationId = 'dst_1'): number {
    const destination = this.outbox.destination(destinationId)!
    let count = 0
    for (;;) {
      destination.outbox.wake(Number.MAX_SAFE_INTEGER)
      const taken = Array.from({ length: 4 }, (_, lane) =>
        destination.outbox.begin(lane, () => false, START + this.now),
      )
      if (taken.flat().length === 0) return count
      for (const one of taken.flat()) if (this.outbox.results.delivered(destination, one, START + this.now)) count++
    }
  }

  /** Ids of the calls of all that waits, with what they are of. */
  messageIds(destinationId = 'dst_1'): string[] {
    return this.waiting(destinationId).flatMap((one) => {
      const record = this.outbox.connection(one.connectionId)!.record
      const setting = { connection: record, destinationName: 'Webhook', spaceId: 'spa_1' }
      return callsOf(one, setting).map(({ messageId }) => `${one.number} ${messageId}`)
    })
  }
}

export function idOf({ kind, key, type }: DefinitionSource): string {
  return `${kind === 'audience' ? 'aud' : 'tra'}_${type === 'ACCOUNTS' ? 'account_' : ''}${key}`
}

/**
 * `vips true user_id:u1` of a user, `→ acme` for the account itself; `only` what is told alone; `#2` its sequence. By
 * an activation it is `vips/entries` that is told, and `vips deletion …` where the user is to be deleted.
 */
export function lineOf(delivery: Delivery): string {
  const { connectionId, activationId, subject, profile, value, sequence, resync, isDeletion } = delivery
  const by = activationId === undefined ? '' : `/${activationId.slice('act_'.length)}`
  const key = `${connectionId.slice('con_'.length)}${by}`
  const listed = (all: readonly ExternalId[] = []): string =>
    all.map(({ type, value: id }) => `${type}:${id}`).join(' ')
  const { only } = subject.kind === 'user' ? subject : { only: undefined }
  const who =
    subject.kind === 'account' ? `→ ${subject.groupId}` : `${listed(subject.ids)}${only ? ` only ${listed(only)}` : ''}`
  const of =
    profile.startsWith('group_id:') && subject.kind === 'user' ? ` of ${profile.slice('group_id:'.length)}` : ''
  return `${key} ${isDeletion ? 'deletion' : JSON.stringify(value)} ${who}${of} #${sequence}${resync > 0 ? ` resync ${resync}` : ''}`
}
