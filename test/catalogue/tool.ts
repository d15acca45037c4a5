/** A tool of the catalogue that is connected in this process, whose vendor answers on loopback. */
import { catalogueType } from '../../destinations/catalogue/catalogue-type.ts'
import { failureOf, personal } from '../../destinations/catalogue/host/failure.ts'
import { errorOf } from '../../destinations/catalogue/host/host-process.ts'
import { asJson } from '../../destinations/catalogue/host/kit.ts'
import { run } from '../../destinations/catalogue/host/run.ts'
import type { DefinitionRunner } from '../../destinations/contract/definition-runner.ts'
import type { Destination, DestinationLimits } from '../../destinations/contract/destination.ts'
import { parseSettings } from '../../destinations/registry.ts'
import { callsOf } from '../../src/calls/calls.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { ConnectionRecord } from '../../src/model/destination.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { AudienceLists } from '../../src/worker/audience-lists.ts'
import { attempt } from '../../src/worker/attempt.ts'
import type { Outcome } from '../../src/queue/job.ts'
import { contextWith } from '../destinations/context.ts'
import { connection, delivery, ids } from '../outbox/given.ts'

/** The instant of all changes, and of all deliveries. */
export const AT = Date.UTC(2026, 2, 1, 12)
export const AT_TEXT = new Date(AT).toISOString()

const REQUEST_TIMEOUT_MS = 2_000

/** Runs definitions as their process does, within this one. */
export const withinProcess: DefinitionRunner = {
  ask: async (definition, question, { signal, onTokens }) => {
    const { settings, oauth = {}, environment = {} } = definition
    const before = { ...process.env }
    Object.assign(process.env, environment)
    try {
      const onRenewed = (tokens: object) => onTokens?.(tokens)
      return await run(definition, question, { requestTimeoutMs: REQUEST_TIMEOUT_MS, signal, onTokens: onRenewed })
    } catch (error) {
      const events = 'events' in question ? question.events.map(personal) : []
      throw errorOf(failureOf(error, asJson([...events, settings, oauth, environment])))
    } finally {
      for (const name of Object.keys(environment))
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name)
    }
  },
}

export interface Tool {
  readonly destination: Destination
  readonly limits: DestinationLimits
  /** Settings that it has renewed itself. */
  readonly saved: JsonObject[]
  /** Tries to deliver the calls of each change, as a worker does with a job. */
  readonly deliver: (changes: readonly Change[]) => Promise<Outcome[]>
}

/** A change of somebody's membership. */
export interface Change {
  readonly user: string
  readonly value: boolean
}

/** Connects a tool with settings as a user gives them, for an audience `vips`. */
export function connected(
  slug: string,
  settings: JsonObject,
  sends: Partial<ConnectionRecord['sends']> = { identify: true },
): Tool {
  const type = catalogueType(slug)!
  const parsed = parseSettings(type, settings)
  const saved: JsonObject[] = []
  const context = contextWith({
    definitions: withinProcess,
    destinationId: `dst_${slug}`,
    clock: () => AT,
    save: (renewed) => saved.push(renewed),
  })
  const limits = type.limits(parsed)
  const destination = type.connect(parsed, context)
  const stored = new Map<string, string>()
  const lists = new AudienceLists({
    get: (field) => Promise.resolve(stored.get(field) ?? null),
    set: (field, list) => Promise.resolve(stored.set(field, list)),
  })
  const record = connection({ sends: { identify: false, track: false, group: false, ...sends } })
  return {
    destination,
    limits,
    saved,
    deliver: (changes) => {
      const items = changes.map((change) => callsFor(change, record, type.name))
      const options = {
        destination,
        limits,
        signal: new AbortController().signal,
        onFault: (cause: unknown): never => {
          throw cause
        },
      }
      return destination.createAudience ? lists.attempt(items, 'dst_1', options) : attempt(items, options)
    },
  }
}

/** Returns the id of the call of one type that tells of a change. */
export function idOf(change: Change, type: 'identify' | 'track'): string {
  const record = connection({ sends: { identify: true, track: true, group: false } })
  return callsFor(change, record, '').find((call) => call.type === type)!.messageId
}

/** Everybody has an email, which goes with the calls as addresses do. */
export function callsFor({ user, value }: Change, record: ConnectionRecord, name: string): DeliveryCall[] {
  const actor = Number(user.slice(1))
  const subject = { kind: 'user', ids: ids(`user_id:${user} email:${user}@example.com`), only: undefined } as const
  const one = delivery(actor, { actor, subject, profile: `user_id:${user}`, value, at: AT, sequence: value ? 1 : 2 })
  return callsOf(one, { connection: record, destinationName: name, spaceId: 'spa_1' })
}
