/**
 * A Postgres in the test's hands, on a port of 127.0.0.1, in a folder of its own: it is not started again unless the
 * test does it. `script/ensure-postgres` finds or installs the programs.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client, type QueryResultRow } from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { DEADLINE_MS, eventually, until } from './eventually.ts'
import { onPath } from './on-path.ts'
import { freePort, processesIn, signal } from './processes.ts'

/** Where Debian has them, each version by itself. */
const DEBIAN = '/usr/lib/postgresql'
/** Nothing is lost when a process is killed, as long as the machine goes on. */
const SETTINGS = { fsync: 'off', listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '50' }
/** Whoever runs the tests as root: Postgres refuses to. */
const NOBODY = 'nobody'

/** The folder of `postgres` and `initdb`; undefined where there is none, and then the tests are to be left out. */
export const POSTGRES_PROGRAMS = programsFolder()

/** The warning of a file whose tests are left out. */
export const POSTGRES_MISSING = `
!!! neither the PATH nor ${DEBIAN} has postgres and initdb: the tests with a real Postgres are SKIPPED !!!
`

if (POSTGRES_PROGRAMS === undefined && process.env['CI'] === 'true') throw new Error(POSTGRES_MISSING)

export class OwnPostgres {
  readonly port: number
  readonly database = 'postgres'
  readonly user = 'owner'
  readonly password = 'the-owners-password'
  readonly #directory: string
  readonly #settings: Readonly<Record<string, string>>
  #child: ChildProcess | undefined

  /** @param settings of the server, beyond those that every test has */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-postgres-'))
    const postgres = new OwnPostgres(directory, await freePort(), settings)
    await postgres.#initialise()
    await postgres.start()
    return postgres
  }

  private constructor(directory: string, port: number, settings: Readonly<Record<string, string>>) {
    this.#directory = directory
    this.port = port
    this.#settings = settings
  }

  /** The settings of a destination. */
  get settings() {
    const { port, database, user, password } = this
    return { host: '127.0.0.1', port, database, user, password, tls: 'off' } as const
  }

  /** Resolves when it answers. One that was killed may have left processes, for which the next waits. */
  async start(): Promise<void> {
    const settings = Object.entries({ ...SETTINGS, ...this.#settings, port: String(this.port) })
    const parameters = ['-D', this.#data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
    await until(() => processesIn(this.#data).length === 0)
    this.#child = spawn(join(POSTGRES_PROGRAMS!, 'postgres'), parameters, { stdio: 'ignore', ...asNobody() })
    await eventually(() => this.query('select 1'))
  }

  /** Ends all of its processes at once, as a machine that fails does. */
  async kill(): Promise<void> {
    const ended = once(this.#child!, 'exit')
    for (const id of processesIn(this.#data)) signal(id, 'SIGKILL')
    await ended
    // Some may have begun meanwhile.
    await until(() => {
      for (const id of processesIn(this.#data)) signal(id, 'SIGKILL')
      return processesIn(this.#data).length === 0
    })
  }

  /** Stops all of its processes, or lets them go on. */
  freeze(name: 'SIGSTOP' | 'SIGCONT'): void {
    for (const id of processesIn(this.#data)) signal(id, name)
  }

  /** Runs a query by a connection of its own. */
  async query<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.withClient((client) => client.query<Row>(text, values))
    return rows
  }

  async withClient<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const { host, port, database, user, password } = this.settings
    const client = new Client({ host, port, database, user, password, connectionTimeoutMillis: DEADLINE_MS })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }

  /** Ends it, and removes its folder. */
  async remove(): Promise<void> {
    if (processesIn(this.#data).length > 0) await this.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** Writes a file that only the server may read; returns its path. */
  async writeFile(name: string, text: string): Promise<string> {
    const path = join(this.#directory, name)
    await writeFile(path, text, { mode: 0o600 })
    const { uid, gid } = asNobody()
    if (uid !== undefined && gid !== undefined) await chown(path, uid, gid)
    return path
  }

  get #data(): string {
    return join(this.#directory, 'data')
  }

  async #initialise(): Promise<void> {
    const { uid, gid } = asNobody()
    if (uid !== undefined && gid !== undefined) {
      await chown(this.#directory, uid, gid)
      // That of the run, which only its owner could pass through.
      await chmod(tmpdir(), 0o711)
    }
    const password = await this.writeFile('password', this.password)
    const parameters = ['-D', this.#data, '-U', this.user, '-A', 'scram-sha-256', '--pwfile', password]
    const run = promisify(execFile)
    const locale = ['-E', 'UTF8', '--locale', 'C', '--no-sync']
    await run(join(POSTGRES_PROGRAMS!, 'initdb'), [...parameters, ...locale], { ...asNobody(), cwd: this.#directory })
  }
}

/** A Postgres for the tests of one file. @returns gives it, once the tests run */
export function usePostgres(settings: Readonly<Record<string, string>> = {}): () => OwnPostgres {
  let postgres: OwnPostgres | undefined
  beforeAll(async () => {
    if (POSTGRES_PROGRAMS !== undefined) postgres = await OwnPostgres.start(settings)
  })
  afterAll(() => postgres?.remove())
  return () => postgres!
}

function programsFolder(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(DEBIAN, version, 'bin')), onPathFolder()]
  return folders.find((folder) => ['postgres', 'initdb'].every((name) => existsSync(join(folder, name))))
}

function onPathFolder(): string {
  return join(onPath('initdb') ?? '', '..')
}

function asNobody(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${NOBODY}:`))
  const [, , uid, gid] = entry!.split(':').map(Number)
  return { uid: uid!, gid: gid! }
}
