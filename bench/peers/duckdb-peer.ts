/**
 * DuckDB in memory, with a thread for each core: facts go in by its appender, and a refresh computes all answers anew.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { FactReader } from './facts.ts'
import { loadPackage } from './packages.ts'
import type { Peer } from './peer.ts'
import { type Cell, CREATE_TABLES, readAnswers, rowsOf, selectAnswers } from './sql.ts'

export const DUCKDB_PACKAGE = '@duckdb/node-api'

/** The parts of the package that are used here. */
interface Duckdb {
  readonly DuckDBInstance: { create(path: string): Promise<Instance> }
  readonly DuckDBDataChunk: { create(types: readonly unknown[]): DataChunk }
  readonly INTEGER: unknown
  readonly BIGINT: unknown
  readonly DOUBLE: unknown
  readonly VARCHAR: unknown
}

interface Instance {
  connect(): Promise<Connection>
  closeSync(): void
}

interface Connection {
  run(sql: string): Promise<unknown>
  runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }>
  createAppender(table: string): Promise<Appender>
  closeSync(): void
}

interface Appender {
  appendDataChunk(chunk: DataChunk): void
  flushSync(): void
  closeSync(): void
}

interface DataChunk {
  setRows(rows: readonly (readonly (string | number | bigint | null)[])[]): void
}

export async function duckdbPeer(): Promise<Peer> {
  const { DuckDBInstance, DuckDBDataChunk, INTEGER, BIGINT, DOUBLE, VARCHAR } = loadPackage(DUCKDB_PACKAGE) as Duckdb
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  for (const sql of CREATE_TABLES) await connection.run(sql)
  const events = await connection.createAppender('events')
  const identifies = await connection.createAppender('identifies')
  const ofEvents = [INTEGER, VARCHAR, BIGINT, INTEGER, VARCHAR, INTEGER, INTEGER, DOUBLE, INTEGER, VARCHAR, VARCHAR]
  const ofIdentifies = [INTEGER, BIGINT, INTEGER, VARCHAR, INTEGER, VARCHAR]
  const reader = new FactReader()

  function append(appender: Appender, types: readonly unknown[], rows: readonly Cell[][]): void {
    if (rows.length === 0) return
    const chunk = DuckDBDataChunk.create(types)
    chunk.setRows(rows.map((cells) => cells.map((cell, at) => (types[at] === BIGINT ? BigInt(cell!) : cell))))
    appender.appendDataChunk(chunk)
    appender.flushSync()
  }

  return {
    take(entries) {
      const rows = rowsOf(reader.read(entries))
      append(events, ofEvents, rows.events)
      append(identifies, ofIdentifies, rows.identifies)
    },
    nextWork: () => 0,
    async refresh(now) {
      await connection.run(`CREATE OR REPLACE TABLE answers AS ${selectAnswers(now)}`)
    },
    answers() {
      const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRows() as [number, JsonValue][]
      return readAnswers(query, reader.labels)
    },
    close() {
      events.closeSync()
      identifies.closeSync()
      connection.closeSync()
      instance.closeSync()
    },
  }
}
