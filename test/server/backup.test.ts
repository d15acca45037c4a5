/** Backups and their restoration, by the command line and real servers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { MAIN, runServe, type ServeProcess } from '../support/run-serve.ts'
import { type Answered, basic, send } from '../support/server.ts'

const KEYS = { WRITE_KEY: 'write-key-1', ACCESS_TOKEN: 'access-token-1', CHECKPOINT_SECONDS: '1' }
const BUYERS = { name: 'Buyers', definition: { query: "event('Order').within(90 days).count() >= 2" } }

let folder = ''
const running: ServeProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-backup-'))
})

afterEach(async () => {
  for (const { child, end } of running.splice(0))
    if (child.exitCode === null && child.signalCode === null) await end('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

class Server {
  readonly #process: ServeProcess
  readonly url: string

  static async start(name: string, environment: Record<string, string> = {}): Promise<Server> {
    const process = runServe(join(folder, name), { ...KEYS, ...environment })
    running.push(process)
    return new Server(process, await process.ready)
  }

  private constructor(process: ServeProcess, url: string) {
    this.#process = process
    this.url = url
  }

  control(
    method: string,
    path: string,
    body?: object,
    token = KEYS.ACCESS_TOKEN,
    space = 'default',
  ): Promise<Answered> {
    return send(`${this.url}/spaces/${space}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  async order(userId: string, messageId: string): Promise<void> {
    const body = JSON.stringify({ userId, event: 'Order', messageId })
    const headers = { authorization: basic(`${KEYS.WRITE_KEY}:`) }
    expect((await send(`${this.url}/v1/track`, { method: 'POST', headers, body })).status).toBe(200)
  }

  async isBuyer(userId: string, token = KEYS.ACCESS_TOKEN, space = 'default'): Promise<unknown> {
    const address = `${this.url}/v1/spaces/${space}/collections/users/profiles/user_id:${userId}/traits?include=buyers`
    const { body } = await send(address, { headers: { authorization: basic(`${token}:`) } })
    return (body['traits'] as Record<string, unknown> | undefined)?.['buyers']
  }

  end(): Promise<unknown> {
    return this.#process.end('SIGTERM')
  }
}

interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command; the event loop goes on meanwhile, so that connections that the server closes are seen to end. */
async function run(parameters: readonly string[], environment: Record<string, string>): Promise<Ended> {
  const { PATH = '' } = process.env
  const env = { PATH, ACCESS_TOKEN: KEYS.ACCESS_TOKEN, ...environment }
  const child = spawn(process.execPath, [MAIN, ...parameters], { env })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (bytes: Buffer) => (output[name] += bytes.toString()))
  const [status] = (await once(child, 'close')) as [number]
  return { status, ...output }
}

/** A server with a buyer, somebody with one order, and a destination that is told; and a backup of it. */
async function backedUp(): Promise<{ server: Server; file: string; definitionId: string }> {
  const server = await Server.start('old')
  const { body } = await server.control('POST', 'audiences', BUYERS)
  const { audience } = body['data'] as { audience: { id: string } }
  const made = await server.control('POST', 'destinations', { type: 'console', name: 'Told' })
  const { destination } = made.body['data'] as { destination: { id: string } }
  await server.control('POST', `audiences/${audience.id}/destination-connections`, {
    destination: { id: destination.id },
  })
  for (const messageId of ['m1', 'm2']) await server.order('u1', messageId)
  await server.order('u2', 'm3')
  const file = join(folder, 'space.backup')
  const { status, stdout, stderr } = await run(['backup', file], { ROLLCALL_URL: server.url })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^space default as of .*Z: \d+ parts\n$/)
  expect(status).toBe(0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(existsSync(`${file}.partial`)).toBe(false)
  return { server, file, definitionId: audience.id }
}

describe('a backup of a running server', () => {
  it('is restored where there is nothing, and goes on from its instant: calls count, and each once', async () => {
    const { server, file, definitionId } = await backedUp()
    await server.order('u2', 'm4')
    expect(await server.isBuyer('u2')).toBe(true)
    await server.end()

    const restored = await run(['restore', file], { DATA_DIR: join(folder, 'new') })
    expect(restored.stderr).toBe('')
    expect(restored.stdout).toMatch(/^space default is as space default was at .*Z\n$/)
    expect(restored.status).toBe(0)
    const again = await Server.start('new')
    expect(await again.isBuyer('u1')).toBe(true)
    expect(await again.isBuyer('u2')).toBe(false)
    // What came after the backup is sent again; what came before it is known.
    for (const messageId of ['m3', 'm4']) await again.order('u2', messageId)
    expect(await again.isBuyer('u2')).toBe(true)
    await again.order('u3', 'm1')
    expect(await again.isBuyer('u3')).toBeUndefined()
    const { body } = await again.control('GET', 'audiences')
    expect((body['data'] as { audiences: object[] }).audiences).toMatchObject([
      { id: definitionId, size: { count: 2 } },
    ])
    await again.end()
    // It is a space like any other: checkpoints follow, and nothing in it differs from its events.
    expect(await run(['verify'], { DATA_DIR: join(folder, 'new') })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(' 0 differences') as string,
    })
  })

  it('makes another space beside the first, with credentials of its own, which tells nobody anything', async () => {
    const { server, file, definitionId } = await backedUp()
    await server.end()
    const data = { DATA_DIR: join(folder, 'old') }
    const restored = await run(['restore', file, '--space', 'copy', '--name', 'A copy'], data)
    expect(restored.stderr).toBe('')
    const [, writeKey] = /Write key \(new\): (\S+)/.exec(restored.stdout) ?? []
    const [, token] = /Access token \(new\): (\S+)/.exec(restored.stdout) ?? []
    const both = await Server.start('old', { ADMIN_TOKEN: 'admin-token-1' })
    await eventually(async () => expect(await both.isBuyer('u1', token, 'copy')).toBe(true))
    expect(await both.isBuyer('u1', KEYS.ACCESS_TOKEN, 'copy')).toBeUndefined()
    const { body } = await both.control('GET', 'destinations', undefined, token, 'copy')
    expect((body['data'] as { destinations: unknown[] }).destinations).toMatchObject([
      { name: 'Told', enabled: false, status: 'Disabled' },
    ])
    const first = await both.control('GET', 'destinations')
    expect((first.body['data'] as { destinations: unknown[] }).destinations).toMatchObject([{ enabled: true }])
    // Its calls are its own.
    const call = JSON.stringify({ userId: 'u2', event: 'Order', messageId: 'm9' })
    const headers = { authorization: basic(`${writeKey}:`) }
    expect((await send(`${both.url}/v1/track`, { method: 'POST', headers, body: call })).status).toBe(200)
    expect(await both.isBuyer('u2', token, 'copy')).toBe(true)
    expect(await both.isBuyer('u2')).toBe(false)
    const spaces = await send(`${both.url}/spaces`, { headers: { authorization: 'Bearer admin-token-1' } })
    expect((spaces.body['data'] as { spaces: object[] }).spaces).toMatchObject([{}, { id: 'copy', name: 'A copy' }])
    const { status } = await both.control('GET', `audiences/${definitionId}`, undefined, token, 'copy')
    expect(status).toBe(200)
  })

  it('is made for admins, and replaces a space only if that is asked for, by a file that is whole', async () => {
    const { server, file } = await backedUp()
    await server.order('u2', 'm4')
    const editors = await server.control('POST', 'tokens', { name: 'editor', role: 'editor' })
    const { secret } = (editors.body['data'] as { token: { secret: string } }).token
    const other = join(folder, 'other.backup')
    expect(await run(['backup', other], { ROLLCALL_URL: server.url, ACCESS_TOKEN: secret })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('expected the token of an admin') as string,
    })
    expect([existsSync(other), existsSync(`${other}.partial`)]).toEqual([false, false])
    const data = { DATA_DIR: join(folder, 'old') }
    expect(await run(['restore', file], data)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('another server runs') as string,
    })
    await server.end()
    expect(await run(['restore', file], data)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('space: default is there already') as string,
    })
    const damaged = join(folder, 'damaged.backup')
    writeFileSync(damaged, readFileSync(file).subarray(0, -1))
    expect(await run(['restore', damaged, '--replace'], data)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('backup: ') as string,
    })
    const kept = await Server.start('old')
    expect(await kept.isBuyer('u2')).toBe(true)
    await kept.end()
    expect(await run(['restore', file, '--replace'], data)).toMatchObject({ status: 0 })
    const restored = await Server.start('old')
    expect(await restored.isBuyer('u1')).toBe(true)
    expect(await restored.isBuyer('u2')).toBe(false)
  })
})
