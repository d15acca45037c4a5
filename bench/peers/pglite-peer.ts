/** PGlite, a PostgreSQL in WebAssembly, in memory: facts go in by COPY, and a refresh computes all answers anew. */
import type { JsonValue } from '../../src/model/json.ts'
import { FactReader } from './facts.ts'
import { loadPackage } from './packages.ts'
import type { Peer } from './peer.ts'
import { type Cell, CREATE_TABLES, readAnswers, rowsOf, selectAnswers } from './sql.ts'

export const PGLITE_PACKAGE = '@electric-sql/pglite'

/** The parts of the package that are used here. */
interface Pglite {
  readonly PGlite: { create(): Promise<Database> }
}

interface Database {
  exec(sql: string): Promise<unknown>
  query(
    sql: string,
    parameters?: readonly unknown[],
    options?: { readonly rowMode?: 'array'; readonly blob?: Blob },
  ): Promise<{ readonly rows: unknown[] }>
  close(): Promise<void>
}

/** The second is for the orders that follow an addition to the cart. */
const CREATE_INDEXES = `
  CREATE INDEX ON events (ts);
  CREATE INDEX ON events (profile, ts) WHERE name = 'Order Completed'`

export async function pglitePeer(): Promise<Peer> {
  const { PGlite } = loadPackage(PGLITE_PACKAGE) as Pglite
  const database = await PGlite.create()
  for (const sql of CREATE_TABLES) await database.exec(sql)
  await database.exec(CREATE_INDEXES)
  await database.exec(`CREATE TABLE answers AS ${selectAnswers(0)}`)
  const reader = new FactReader()

  async function copy(table: string, rows: readonly Cell[][]): Promise<void> {
    const text = rows.map((cells) => cells.map((cell) => cell ?? '').join(',')).join('\n')
    if (rows.length > 0)
      await database.query(`COPY ${table} FROM '/dev/blob' WITH (FORMAT csv)`, [], { blob: new Blob([text]) })
  }

  return {
    async take(entries) {
      const rows = rowsOf(reader.read(entries))
      await copy('events', rows.events)
      await copy('identifies', rows.identifies)
    },
    nextWork: () => 0,
    async refresh(now) {
      await database.exec(`BEGIN; TRUNCATE answers; INSERT INTO answers ${selectAnswers(now)}; COMMIT`)
    },
    answers() {
      const query = async (sql: string) =>
        (await database.query(sql, [], { rowMode: 'array' })).rows as [number, JsonValue][]
      return readAnswers(query, reader.labels)
    },
    close: () => database.close(),
  }
}
