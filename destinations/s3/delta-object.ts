/**
 * The object that a batch of calls makes: a line for each, in their order.
 *
 * O1. The same calls make the same object under the same name, byte for byte: a repeat puts it once more.
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

/** Makes the object of at least one call. */
export async function deltaObjectOf(
  calls: readonly DeliveryCall[],
  { prefix, format, gzip: isCompressed }: Pick<ObjectStoreSettings, 'prefix' | 'format' | 'gzip'>,
): Promise<DeltaObject> {
  const text = await textOf(calls, format)
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

async function textOf(calls: readonly DeliveryCall[], format: ObjectStoreSettings['format']): Promise<Buffer> {
  const pieces = format === 'csv' ? [Buffer.from(csvLines([COLUMNS]))] : []
  const write = format === 'csv' ? csvOf : ndjsonOf
  for (let from = 0; from < calls.length; from += CALLS_PER_TURN) {
    if (from > 0) await nextTurn()
    pieces.push(Buffer.from(write(calls.slice(from, from + CALLS_PER_TURN))))
  }
  return Buffer.concat(pieces)
}

function ndjsonOf(calls: readonly DeliveryCall[]): string {
  return calls.map((call) => `${JSON.stringify(call)}\n`).join('')
}

/** The same for all objects: a table of many files has the columns of each. */
const COLUMNS = [
  'message_id',
  'timestamp',
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

function csvOf(calls: readonly DeliveryCall[]): string {
  return csvLines(
    calls.map((call) => {
      const cells = cellsOf(call)
      return COLUMNS.map((column) => cells[column])
    }),
  )
}

function cellsOf(call: DeliveryCall): Readonly<Record<Column, string>> {
  const { personas, externalIds } = call.context
  return {
    message_id: call.messageId,
    timestamp: call.timestamp,
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
