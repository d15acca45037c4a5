/**
 * The object that a batch of calls makes: a line for each, in their order.
 *
 * O1. The same calls make an object of the same name: a repeat takes the place of the one before.
 * O2. Of two lines about one identity, that with the later `sentAt` is the later one. Their `timestamp` does not say
 *     so: when profiles are united, or consent is given again, a value is told with the instant at which it began.
 */
import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { emailOf, valueOf, valuesOf } from '../contract/call-fields.ts'
import { csvLines } from '../csv-list/csv.ts'
import type { ObjectStoreSettings } from './settings.ts'

export interface DeltaObject {
  readonly name: string
  readonly contentType: string
  readonly body: Buffer
}

/** Some milliseconds of work, for which calls to other destinations wait. */
const CALLS_PER_TURN = 1_000
const CONTENT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8' } as const
const compress = promisify(gzip)

/** Makes the object of at least one call. @param now epoch ms */
export async function deltaObjectOf(
  calls: readonly DeliveryCall[],
  { prefix, format, gzip: isCompressed }: Pick<ObjectStoreSettings, 'prefix' | 'format' | 'gzip'>,
  now: number,
): Promise<DeltaObject> {
  const text = await textOf(calls, format, new Date(now).toISOString())
  const name = `${prefix}${nameOf(calls)}.${format}`
  if (!isCompressed) return { name, contentType: CONTENT_TYPES[format], body: text }
  return { name: `${name}.gz`, contentType: 'application/gzip', body: await compress(text) }
}

/** `date=2026-03-01/2026-03-01T120000.000Z-` and a hash. The date comes first, as tables are partitioned by it. */
function nameOf(calls: readonly DeliveryCall[]): string {
  const first = calls.reduce((least, { timestamp }) => (timestamp < least ? timestamp : least), calls[0]!.timestamp)
  const ids = calls.map(({ messageId }) => messageId).sort()
  const hash = createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 32)
  return `date=${first.slice(0, 10)}/${first.replaceAll(':', '')}-${hash}`
}

async function textOf(
  calls: readonly DeliveryCall[],
  format: ObjectStoreSettings['format'],
  sentAt: string,
): Promise<Buffer> {
  const pieces = format === 'csv' ? [Buffer.from(csvLines([COLUMNS]))] : []
  const write = format === 'csv' ? csvOf : ndjsonOf
  for (let from = 0; from < calls.length; from += CALLS_PER_TURN) {
    if (from > 0) await nextTurn()
    pieces.push(Buffer.from(write(calls.slice(from, from + CALLS_PER_TURN), sentAt)))
  }
  return Buffer.concat(pieces)
}

function ndjsonOf(calls: readonly DeliveryCall[], sentAt: string): string {
  return calls.map((call) => `${JSON.stringify({ ...call, sentAt })}\n`).join('')
}

/** The same for all objects: a table of many files has the columns of each. */
const COLUMNS = [
  'message_id',
  'timestamp',
  'sent_at',
  'type',
  'event',
  'computation_class',
  'computation_key',
  'value',
  'user_id',
  'anonymous_id',
  'email',
  'group_id',
  'external_ids',
  'traits',
] as const

type Column = (typeof COLUMNS)[number]

function csvOf(calls: readonly DeliveryCall[], sentAt: string): string {
  return csvLines(
    calls.map((call) => {
      const cells = cellsOf(call, sentAt)
      return COLUMNS.map((column) => cells[column])
    }),
  )
}

function cellsOf(call: DeliveryCall, sentAt: string): Readonly<Record<Column, string>> {
  const { personas, externalIds } = call.context
  return {
    message_id: call.messageId,
    timestamp: call.timestamp,
    sent_at: sentAt,
    type: call.type,
    event: call.type === 'track' ? call.event : '',
    computation_class: personas.computation_class,
    computation_key: personas.computation_key,
    value: json(valueOf(call)),
    user_id: call.userId ?? '',
    anonymous_id: call.anonymousId ?? '',
    email: text(emailOf(call)),
    group_id: call.type === 'group' ? call.groupId : '',
    external_ids: externalIds ? JSON.stringify(externalIds.map(({ type, id }) => ({ type, id }))) : '',
    traits: json(traitsOf(call)),
  }
}

/** Returns the traits that enrich a call: those without a column of their own. */
function traitsOf(call: DeliveryCall): JsonValue | undefined {
  const { computation_key: key } = call.context.personas
  const named = call.type === 'track' ? [key, 'audience_key', 'trait_key'] : [key, 'email']
  const traits = Object.entries(valuesOf(call)).filter(([name]) => !named.includes(name))
  return traits.length === 0 ? undefined : Object.fromEntries(traits)
}

function json(value: JsonValue | undefined): string {
  return value === undefined ? '' : JSON.stringify(value)
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
