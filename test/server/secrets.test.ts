/** The rotation of the key of secrets, and backups from before it, by the command line and real servers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MAIN, runServe, type ServeProcess } from '../support/run-serve.ts'
import { send } from '../support/server.ts'

const KEYS = { WRITE_KEY: 'write-key-1', ACCESS_TOKEN: 'access-token-1' }
const HEADERS = { authorization: `Bearer ${KEYS.ACCESS_TOKEN}` }
const HOOK = { type: 'webhook', settings: { url: 'https://hook.example', sharedSecret: 'a-secret-of-the-webhook' } }
const OTHER_KEY = Buffer.alloc(32, 5).toString('base64')

let folder = ''
const running: ServeProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-rotation-'))
})

afterEach(async () => {
  for (const { child, end } of running.splice(0))
    if (child.exitCode === null && child.signalCode === null) await end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

function serve(name: string, environment: Record<string, string> = {}): ServeProcess {
  const server = runServe(join(folder, name), { ...KEYS, ...environment })
  running.push(server)
  return server
}

async function run(parameters: string[], environment: Record<string, string>): Promise<[number, string]> {
  const env = { PATH: process.env['PATH'], ...KEYS, ...environment }
  const child = spawn(process.execPath, [MAIN, ...parameters], { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const [status] = (await once(child, 'close')) as [number]
  return [status, output]
}

/** Resolves with what a server shows of its destinations, which needs a key that opens them; then ends it. */
async function destinationsOf(server: ServeProcess): Promise<unknown> {
  const { body } = await send(`${await server.ready}/spaces/default/destinations`, { headers: HEADERS })
  await server.end('SIGTERM')
  return (body['data'] as { destinations: unknown }).destinations
}

it('rotates the key that the server has made; backups from before are opened by the former one', async () => {
  const data = { DATA_DIR: join(folder, 'old') }
  const keyFile = join(folder, 'old', 'secrets.key')
  const server = serve('old')
  const url = await server.ready
  const made = await send(`${url}/spaces/default/destinations`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify(HOOK),
  })
  const { id } = (made.body['data'] as { destination: { id: string } }).destination
  const backup = join(folder, 'space.backup')
  expect((await run(['backup', backup], { ROLLCALL_URL: url }))[0]).toBe(0)
  const refused = await run(['secrets', 'rotate'], data)
  expect(refused).toEqual([2, expect.stringContaining('another server runs')])
  await server.end('SIGTERM')

  const before = readFileSync(keyFile, 'utf8')
  // With another environment than the server's, nothing would be found that needs the former key: it stays.
  expect(await run(['secrets', 'rotate'], { ...data, SPACE_ID: 'elsewhere' })).toEqual([
    2,
    expect.stringMatching(/^there is a new key, beside the former one\nrollcall: SPACE_ID: there is nothing of space/),
  ])
  expect(readFileSync(`${keyFile}.former`, 'utf8')).toBe(before)
  expect(await run(['secrets', 'rotate'], data)).toEqual([
    0,
    'going on with a rotation that had not ended\n' +
      'space default: 1 destination sealed anew\n' +
      `the former key is removed; to restore a backup of before, give it in SECRETS_KEY_PREVIOUS: ${before}\n`,
  ])
  expect(readFileSync(keyFile, 'utf8')).not.toBe(before)
  expect(existsSync(`${keyFile}.former`)).toBe(false)
  // A backup from before replaces nothing that it could not be read as.
  const unopened = await run(['restore', backup, '--replace'], data)
  expect(unopened).toEqual([2, expect.stringContaining(`no key opens the secrets of ${id} of the backup`)])
  const whole = { id, settings: { sharedSecret: '••••••••' }, status: 'Connected' }
  expect(await destinationsOf(serve('old'))).toMatchObject([whole])

  // Elsewhere, the former key opens it once, and another takes its place in the environment.
  const elsewhere = { DATA_DIR: join(folder, 'new') }
  expect((await run(['restore', backup], { ...elsewhere, SECRETS_KEY_PREVIOUS: before }))[0]).toBe(0)
  const inFile = readFileSync(join(folder, 'new', 'secrets.key'), 'utf8')
  await expect(serve('new', { SECRETS_KEY: OTHER_KEY }).ready).rejects.toThrow(
    /^serve has ended with 2: [^]*rollcall: SECRETS_KEY: no key opens the secrets of/,
  )
  const moved = serve('new', { SECRETS_KEY: OTHER_KEY, SECRETS_KEY_PREVIOUS: inFile })
  expect(await destinationsOf(moved)).toMatchObject([whole])
  expect(moved.output()).toContain('the secrets of destinations have been sealed anew')

  // And is lost.
  expect(await run(['secrets', 'forget'], elsewhere)).toEqual([
    0,
    `space default: the secrets of 1 destination are taken away\n  ${id} webhook: disabled until they are given again\n`,
  ])
  expect(await destinationsOf(serve('new'))).toMatchObject([{ id, status: 'Settings missing', enabled: false }])
  const forgetful = await run(['restore', backup, '--replace', '--forget-secrets'], elsewhere)
  expect(forgetful).toEqual([0, expect.stringContaining(`${id} webhook is disabled until its secrets are given again`)])
})
