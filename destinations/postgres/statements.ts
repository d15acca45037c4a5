/**
 * Writes rows, each round by one statement for each table. A row of the table gives way to what is newer, and to
 * nothing else: a repeat changes nothing. Rows are locked in order of their keys, so that no two who write wait for
 * each other.
 */
import type { JsonValue } from '../../src/model/json.ts'
import type { TableChange } from './changes.ts'
import type { PostgresClient } from './connections.ts'
import { roundsOf, type TableRow } from './rows.ts'

type Removal = Pick<TableChange, 'space' | 'ids'>

/** So many messages of one instant are known again when they are repeated. */
const EARLIER_MAX = 10

/** Writes what changes make of the tables, within a transaction that has begun. */
export async function write(client: PostgresClient, schema: string, changes: readonly TableChange[]): Promise<void> {
  const roundsFor = (kind: TableChange['kind']) => roundsOf(changes.filter((change) => change.kind === kind))
  await writeDefinitions(client, schema, changes)
  for (const rows of roundsFor('audience')) await writeMemberships(client, schema, rows)
  for (const rows of roundsFor('trait')) await writeTraits(client, schema, rows)
}

/** Removes what the tables have under the ids of a change, within a transaction that has begun. */
export async function remove(client: PostgresClient, schema: string, { space, ids }: Removal): Promise<void> {
  for (const table of ['memberships', 'traits'])
    await client.query(
      `delete from "${schema}".${table} held using unnest($2::text[], $3::text[]) as named (id_type, id_value)
      where held.id_value = named.id_value and held.id_type = named.id_type and held.space = $1`,
      [space, ids.map(({ type }) => type), ids.map(({ value }) => value)],
    )
}

/** Rejects as `write` and `remove` do if they may not do their work in one of the tables. */
export async function writeNothing(client: PostgresClient, schema: string): Promise<void> {
  await writeDefinitions(client, schema, [])
  await writeMemberships(client, schema, [])
  await writeTraits(client, schema, [])
  await remove(client, schema, { space: '', ids: [] })
}

/** Most of the time they are known already, and no row is locked. */
async function writeDefinitions(
  client: PostgresClient,
  schema: string,
  changes: readonly TableChange[],
): Promise<void> {
  const newest = new Map<string, TableChange>()
  for (const change of changes) {
    const name = [change.kind, change.key, change.space].join('\0')
    const held = newest.get(name)
    if (!held || held.definitionId < change.definitionId) newest.set(name, change)
  }
  const all = [...newest.values()]
  await client.query(
    `insert into "${schema}".definitions as held (kind, key, space, id)
    select told.kind, told.key, told.space, told.id
    from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as told (kind, key, space, id)
    where not exists (
      select from "${schema}".definitions known
      where known.kind = told.kind and known.key = told.key and known.space = told.space and known.id >= told.id
    )
    order by 1, 2, 3
    on conflict (kind, key, space) do update set id = excluded.id where held.id < excluded.id`,
    [
      all.map(({ kind }) => kind),
      all.map(({ key }) => key),
      all.map(({ space }) => space),
      all.map(({ definitionId }) => definitionId),
    ],
  )
}

async function writeMemberships(client: PostgresClient, schema: string, rows: readonly TableRow[]): Promise<void> {
  await client.query(
    `insert into "${schema}".memberships as held (
      audience_key, id_type, id_value, space, audience_id, changed_at, message_id, earlier_message_ids, enrichment,
      is_member, entered_at, left_at
    )
    select ${COMMON}, told.is_member,
      case when told.is_member then told.changed_at end, case when not told.is_member then told.changed_at end
    from unnest(${COMMON_PARAMETERS}, $10::boolean[]) as told (${COMMON_NAMES}, is_member)
    order by 1, 2, 3, 4
    on conflict (audience_key, id_type, id_value, space) do update set
      is_member = excluded.is_member,
      entered_at = case
        when held.audience_id <> excluded.audience_id or excluded.is_member and not held.is_member
        then excluded.entered_at
        else held.entered_at
      end,
      left_at = case
        when held.audience_id <> excluded.audience_id or not excluded.is_member then excluded.left_at
        else held.left_at
      end,
      audience_id = excluded.audience_id,
      ${commonChange('audience_id')}
    where ${isNewer('audience_id')}`,
    [...commonValues(rows), rows.map(({ change }) => change.value)],
  )
}

async function writeTraits(client: PostgresClient, schema: string, rows: readonly TableRow[]): Promise<void> {
  await client.query(
    `insert into "${schema}".traits as held (
      trait_key, id_type, id_value, space, trait_id, changed_at, message_id, earlier_message_ids, enrichment, value
    )
    select ${COMMON}, told.value
    from unnest(${COMMON_PARAMETERS}, $10::jsonb[]) as told (${COMMON_NAMES}, value)
    order by 1, 2, 3, 4
    on conflict (trait_key, id_type, id_value, space) do update set
      value = excluded.value,
      trait_id = excluded.trait_id,
      ${commonChange('trait_id')}
    where ${isNewer('trait_id')}`,
    [...commonValues(rows), rows.map(({ change }) => storableJson(change.value))],
  )
}

/** The columns that both tables have, as `commonValues` gives them. */
const COMMON_NAMES = 'key, id_type, id_value, space, definition_id, changed_at, message_id, earlier, enrichment'
const COMMON_PARAMETERS =
  '$1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::jsonb[]'
const COMMON = `told.key, told.id_type, told.id_value, told.space, told.definition_id, told.changed_at, told.message_id,
  string_to_array(told.earlier, ' '), told.enrichment`

function commonValues(rows: readonly TableRow[]): unknown[][] {
  return [
    rows.map(({ change }) => change.key),
    rows.map(({ id }) => id.type),
    rows.map(({ id }) => id.value),
    rows.map(({ change }) => change.space),
    rows.map(({ change }) => change.definitionId),
    rows.map(({ change }) => change.changedAt),
    rows.map(({ change }) => change.messageId),
    rows.map(({ earlierMessageIds }) => earlierMessageIds.slice(0, EARLIER_MAX).join(' ')),
    rows.map(({ change: { enrichment } }) => (enrichment === undefined ? null : storableJson(enrichment))),
  ]
}

/** Messages of the instant that stays are kept in mind, and those of an instant that has passed are not. */
function commonChange(definitionId: string): string {
  return `changed_at = excluded.changed_at,
      message_id = excluded.message_id,
      earlier_message_ids = case
        when held.${definitionId} = excluded.${definitionId} and held.changed_at = excluded.changed_at
        then (excluded.earlier_message_ids || held.message_id || held.earlier_message_ids)[:${EARLIER_MAX}]
        else excluded.earlier_message_ids
      end,
      enrichment = excluded.enrichment`
}

/** Newer is what is of a newer definition, then what has the later instant, then what has not come before. */
function isNewer(definitionId: string): string {
  return `(excluded.${definitionId}, excluded.changed_at) > (held.${definitionId}, held.changed_at)
      or (excluded.${definitionId}, excluded.changed_at) = (held.${definitionId}, held.changed_at)
        and not (excluded.message_id || excluded.earlier_message_ids) <@ (held.message_id || held.earlier_message_ids)`
}

/**
 * Returns a value as the text of JSON, null if it is null: so there is one way to say that there is no value. What
 * Postgres cannot hold in a text, a zero or half of a surrogate pair, is replaced, so that a value stays up to date.
 */
function storableJson(value: JsonValue): string | null {
  if (value === null) return null
  const text = JSON.stringify(value)
  // Pairs that are whole are not escaped.
  return text.replaceAll(/\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g, (escaped) => (escaped.length > 2 ? '\ufffd' : escaped))
}
