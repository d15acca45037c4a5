/**
 * The audit log of a space: which token changed what, with what was there before and after. It follows from the
 * journal, and a checkpoint has it. Bounded: the oldest changes leave. No secret is in it, and of people only the id by
 * which one was deleted or unlinked.
 */
import type { JournalEntry } from '../journal/journal.ts'
import type { AuditedChange, ChangedThing } from '../model/audit.ts'
import type { ActivationRecord } from '../model/activation.ts'
import type { ConnectionRecord, DestinationRecord } from '../model/destination.ts'
import type { ExternalId } from '../model/external-id.ts'
import type { DefinitionRecord, SourceRecord, SpaceCommand, TokenRecord } from '../model/space-command.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { Registry } from './registry.ts'

const CHANGES_MAX = 2_000
const BYTES_MAX = 1024 * 1024

/** As a checkpoint has it. */
export interface AuditLogState {
  readonly next: number
  readonly changes: readonly AuditedChange[]
}

/** The configuration before a command. */
interface Present {
  readonly registry: Registry
  readonly outbox: SpaceOutbox
}

export class AuditLog {
  #next = 1
  #bytes = 0
  readonly #changes: AuditedChange[] = []

  static of(state: AuditLogState | undefined): AuditLog {
    const log = new AuditLog()
    if (!state) return log
    for (const change of state.changes) log.#add(change)
    log.#next = state.next
    return log
  }

  state(): AuditLogState {
    return { next: this.#next, changes: [...this.#changes] }
  }

  /** Takes up a command, before it is applied. One that no token asked for is the server's own, and no change. */
  begin({ command, receivedAt: at, by }: CommandEntry, present: Present): void {
    if (by === undefined) return
    const change = changeOf(command, present)
    if (change) this.#add({ number: this.#next++, at, by, ...change })
  }

  /** Lists the changes before one, the newest first. @param before a number; left out: from the newest on */
  list(limit: number, before = Infinity): AuditedChange[] {
    const end = this.#changes.findLastIndex(({ number }) => number < before) + 1
    return this.#changes.slice(Math.max(0, end - limit), end).reverse()
  }

  #add(change: AuditedChange): void {
    this.#changes.push(change)
    this.#bytes += bytesOf(change)
    while (this.#changes.length > CHANGES_MAX || this.#bytes > BYTES_MAX) this.#bytes -= bytesOf(this.#changes.shift()!)
  }
}

type CommandEntry = Extract<JournalEntry<SpaceCommand>, { kind: 'command' }>
type Change = Pick<AuditedChange, 'action' | 'thing' | 'id' | 'before' | 'after'>

/** Returns undefined for a command that is a part of another, or the server's own. */
function changeOf(command: SpaceCommand, { registry, outbox }: Present): Change | undefined {
  switch (command.kind) {
    case 'define':
      return changed(command.record.source.kind, definitionView(registry.get(command.record.id)), {
        ...definitionView(command.record)!,
      })
    case 'remove': {
      const record = registry.get(command.id)
      return changed(record?.source.kind ?? 'audience', definitionView(record), undefined, command.id)
    }
    case 'add token':
      return changed('token', undefined, tokenView(command.token))
    case 'remove token':
      return changed('token', tokenView(registry.tokens.find(command.id)), undefined, command.id)
    case 'put source':
      return changed('source', sourceView(registry.sources.find(command.source.id)), sourceView(command.source))
    case 'remove source':
      return changed('source', sourceView(registry.sources.find(command.id)), undefined, command.id)
    case 'put destination': {
      const before = outbox.destination(command.destination.id)?.record
      return changed('destination', destinationView(before), destinationView(command.destination))
    }
    case 'remove destination':
      return changed('destination', destinationView(outbox.destination(command.id)?.record), undefined, command.id)
    case 'connect': {
      const before = outbox.connection(command.connection.id)?.record
      return changed('connection', connectionView(before), connectionView(command.connection))
    }
    case 'disconnect':
      return changed('connection', connectionView(outbox.connection(command.id)?.record), undefined, command.id)
    case 'put activation': {
      const { connectionId, activation } = command
      const before = activationOf(connectionId, activation.id, outbox)
      return changed('activation', activationView(before, connectionId), activationView(activation, connectionId))
    }
    case 'remove activation': {
      const before = activationOf(command.connectionId, command.id, outbox)
      return changed('activation', activationView(before, command.connectionId), undefined, command.id)
    }
    case 'sync':
    case 'approve':
    case 'reject':
      return {
        action: command.kind === 'sync' ? 'resync' : command.kind,
        thing: 'connection',
        id: command.connectionId,
      }
    case 'resend':
      return { action: 'resend', thing: 'destination', id: command.destinationId }
    case 'delete':
      return { action: 'delete', thing: 'profile', id: idText(command.profile) }
    case 'unlink':
      return { action: 'unlink', thing: 'profile', id: idText(command.profile) }
    case 'end regulation':
      return { action: 'delete', thing: 'regulation', id: command.id }
    case 'retain':
      return changed('settings', { id: 'retention', ...registry.retention }, { id: 'retention', ...command.chosen })
    case 'regulate': {
      const { id, type, subjects } = command.regulation
      return { action: 'create', thing: 'regulation', id, after: { type, subjects } }
    }
    default:
      return undefined
  }
}

type View = Readonly<Record<string, unknown>> & { readonly id: string }

function changed(thing: ChangedThing, before: View | undefined, after: View | undefined, id = after?.id ?? ''): Change {
  const action = after ? (before ? 'update' : 'create') : 'delete'
  return { action, thing, id, ...(before && { before }), ...(after && { after }) }
}

function definitionView(record: DefinitionRecord | undefined): View | undefined {
  if (!record) return undefined
  const { id, name, description, enabled, source, options } = record
  return { id, name, description, enabled, key: source.key, type: source.type, query: source.query, options }
}

function tokenView(token: TokenRecord | undefined): View | undefined {
  return token && { id: token.id, description: token.description, role: token.role ?? 'admin' }
}

function sourceView(source: SourceRecord | undefined): View | undefined {
  if (!source) return undefined
  const { id, name, enabled, writeKeys } = source
  return { id, name, enabled, writeKeys: writeKeys.map(({ createdAt, expiresAt }) => ({ createdAt, expiresAt })) }
}

/** The settings that are no secrets; of secrets it is not even told if they have changed. */
function destinationView(record: DestinationRecord | undefined): View | undefined {
  if (!record) return undefined
  const { id, type, name, enabled, settings, consent } = record
  return { id, type, name, enabled, settings, ...(consent && { consent }) }
}

function connectionView(record: ConnectionRecord | undefined): View | undefined {
  if (!record) return undefined
  const { id, destinationId, definitionId, enabled, sends, events, idSync, traits, approval, activations = [] } = record
  const view = { id, destinationId, definitionId, enabled, sends, events, idSync, traits, approval }
  return activations.length === 0 ? view : { ...view, activations: activations.map((one) => activationView(one, id)) }
}

function activationOf(connectionId: string, id: string, outbox: SpaceOutbox): ActivationRecord | undefined {
  return outbox.connection(connectionId)?.record.activations?.find((activation) => activation.id === id)
}

function activationView(activation: ActivationRecord | undefined, connectionId: string): View | undefined {
  if (!activation) return undefined
  const { id, name, type, enabled, traits, mapping } = activation
  return { id, connectionId, name, type, enabled, traits, ...(mapping && { mapping }) }
}

function idText({ type, value }: ExternalId): string {
  return `${type}:${value}`
}

function bytesOf(change: AuditedChange): number {
  return JSON.stringify(change).length
}
