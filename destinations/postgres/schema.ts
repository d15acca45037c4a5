/**
 * The tables, and the way from one version of them to the next.
 *
 * S1. All of a migration is one transaction under a lock; whoever comes meanwhile waits, and finds it done.
 * S2. Whoever writes shares that lock: nothing is written while a migration is under way, or into newer tables.
 */
import { createHash } from 'node:crypto'
import type { QueryResult } from 'pg'
import { TerminalError } from '../contract/destination.ts'
import type { PostgresClient } from './connections.ts'
import { sqlStateOf } from './sql-state.ts'

export interface SchemaOptions {
  /** A name that needs no quotes; it is quoted all the same, as it may be a keyword. */
  readonly schema: string
  /** The time after which Postgres itself ends a statement, and a transaction in which nothing comes. */
  readonly timeoutMs: number
}

const MISSING = ['42P01', '3F000']

/** Each makes the tables of the version before into the next; they are for good. */
const MIGRATIONS: readonly ((schema: string) => string)[] = [
  (schema) => `
    create table ${schema}.definitions (
      kind text not null,
      key text not null,
      space text not null,
      id text collate "C" not null,
      primary key (kind, key, space)
    );
    comment on table ${schema}.definitions is
      'The audiences and computed traits that have been told; of several of one key, the newest.';

    create table ${schema}.memberships (
      audience_key text not null,
      id_type text not null,
      id_value text not null,
      space text not null,
      audience_id text collate "C" not null,
      is_member boolean not null,
      entered_at timestamptz,
      left_at timestamptz,
      changed_at timestamptz not null,
      message_id text not null,
      earlier_message_ids text[] not null,
      enrichment jsonb,
      primary key (audience_key, id_type, id_value, space)
    );
    create index memberships_present on ${schema}.memberships (audience_key, id_type, id_value) where is_member;
    create index memberships_by_id on ${schema}.memberships (id_value, id_type);
    comment on table ${schema}.memberships is
      'Who is in an audience, or was: a row for each id. The view current_members has those who are.';

    create table ${schema}.traits (
      trait_key text not null,
      id_type text not null,
      id_value text not null,
      space text not null,
      trait_id text collate "C" not null,
      value jsonb,
      changed_at timestamptz not null,
      message_id text not null,
      earlier_message_ids text[] not null,
      enrichment jsonb,
      primary key (trait_key, id_type, id_value, space)
    );
    create index traits_by_id on ${schema}.traits (id_value, id_type);
    comment on table ${schema}.traits is
      'Values of computed traits, null where there is none any more: a row for each id. The view is current_traits.';

    create view ${schema}.current_members as
      select held.space, held.audience_key, held.id_type, held.id_value, held.entered_at, held.enrichment
      from ${schema}.memberships held
      join ${schema}.definitions known
        on known.kind = 'audience' and known.key = held.audience_key
        and known.space = held.space and known.id = held.audience_id
      where held.is_member;
    comment on view ${schema}.current_members is 'Who is in an audience: a row for each id.';

    create view ${schema}.current_traits as
      select held.space, held.trait_key, held.id_type, held.id_value, held.value, held.changed_at, held.enrichment
      from ${schema}.traits held
      join ${schema}.definitions known
        on known.kind = 'trait' and known.key = held.trait_key
        and known.space = held.space and known.id = held.trait_id
      where held.value is not null;
    comment on view ${schema}.current_traits is 'Values of computed traits: a row for each id.';
  `,
]

/** The version of the tables that this program writes. */
export const VERSION = MIGRATIONS.length

/**
 * Begins a transaction on tables of our version, which are made if there are older ones or none. Rejects with a
 * TerminalError if there are newer ones. Keeps S2.
 */
export async function begin(client: PostgresClient, options: SchemaOptions): Promise<void> {
  if ((await begun(client, options)) === VERSION) return
  await client.query('rollback')
  await beginAlone(client, options)
  await migrate(client, options)
  await client.query('commit')
  const version = await begun(client, options)
  if (version !== VERSION) throw newerTables(version ?? 0)
}

/** Begins a transaction in which nobody else writes. */
export async function beginAlone(client: PostgresClient, options: SchemaOptions): Promise<void> {
  await client.query(`${beginning(options)}; select pg_advisory_xact_lock(${lockOf(options)})`)
}

/** Brings the tables to our version, within a transaction that has begun alone. */
export async function migrate(client: PostgresClient, options: SchemaOptions): Promise<void> {
  const { schema } = options
  // To create it if it does not exist takes a right that whoever has it already may lack.
  const { rows } = await client.query('select from pg_namespace where nspname = $1', [schema])
  if (rows.length === 0) await client.query(`create schema "${schema}"`)
  await client.query(`
    create table if not exists "${schema}".schema_version (
      version integer primary key,
      made_at timestamptz not null default now()
    )`)
  const found = await client.query<{ version: number }>(versionIn(options))
  const { version } = found.rows[0]!
  if (version > VERSION) throw newerTables(version)
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue
    await client.query(migration(`"${schema}"`))
    await client.query(`insert into "${schema}".schema_version (version) values ($1)`, [index + 1])
  }
}

/** Resolves with the version of the tables; undefined, and then the transaction has failed, if there are none. */
async function begun(client: PostgresClient, options: SchemaOptions): Promise<number | undefined> {
  try {
    // One message, as each takes the time to the server and back: pg answers it with a list.
    const results: unknown = await client.query(
      `${beginning(options)}; select pg_advisory_xact_lock_shared(${lockOf(options)}); ${versionIn(options)}`,
    )
    const { version } = (results as QueryResult<{ version: number }>[]).at(-1)!.rows[0]!
    if (version > VERSION) throw newerTables(version)
    return version
  } catch (error) {
    if (MISSING.includes(sqlStateOf(error) ?? '')) return undefined
    throw error
  }
}

function versionIn({ schema }: SchemaOptions): string {
  return `select coalesce(max(version), 0) as version from "${schema}".schema_version`
}

/** A server that hears no more of us ends the transaction, too: its locks would hold up all others. */
function beginning({ timeoutMs }: SchemaOptions): string {
  return `begin isolation level read committed;
    set local statement_timeout = ${timeoutMs};
    set local idle_in_transaction_session_timeout = ${timeoutMs}`
}

/** Returns a number for the locks of Postgres, which all of one database share. */
function lockOf({ schema }: SchemaOptions): bigint {
  return createHash('sha256').update(`rollcall ${schema}`).digest().readBigInt64BE()
}

function newerTables(version: number): TerminalError {
  return new TerminalError(
    'newer_tables',
    `The tables are of version ${version}, later than ${VERSION}: a newer Rollcall has made them.`,
  )
}
