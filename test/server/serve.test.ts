/** The server as a process, with the real SDK: what was acknowledged is there after any end. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Analytics } from '@segment/analytics-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRedis } from '../../src/redis/client.ts'
import { PrivateRedis } from '../../src/redis/private-redis.ts'
import { eventually, until } from '../support/eventually.ts'
import { useRedis } from '../support/private-redis.ts'
import { basic, send } from '../support/server.ts'
import { MAIN, runServe, type ServeProcess } from '../support/run-serve.ts'

/** Checkpoints come often, so that ends of all kinds fall into them. */
const KEYS = { WRITE_KEY: 'write-key-1', ACCESS_TOKEN: 'access-token-1', CHECKPOINT_SECONDS: '1' }

let directory = ''
const running: ServeProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-serve-'))
})

afterEach(async () => {
  for (const { child, end } of running.splice(0))
    if (child.exitCode === null && child.signalCode === null) await end('SIGTERM')
  await rm(directory, { recursive: true, force: true })
})

function serve(environment: Record<string, string> = KEYS): ServeProcess {
  const process = runServe(directory, environment)
  running.push(process)
  return process
}

async function traits(url: string): Promise<Record<string, unknown>> {
  const address = `${url}/v1/spaces//collections/users/profiles/user_id:u1/traits?limit=200`
  const { body } = await send(address, { headers: { authorization: basic(`${KEYS.ACCESS_TOKEN}:`) } })
  return body['traits'] as Record<string, unknown>
}

function define(url: string, resource: string, body: object): Promise<{ status: number }> {
  return send(`${url}/spaces/default/${resource}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEYS.ACCESS_TOKEN}` },
    body: JSON.stringify(body),
  })
}

const CLICKS = { name: 'Clicks', definition: { query: "event('Clicked').count()" } }
const HERE = { name: 'Here', definition: { query: "event('Clicked').within(1 second).count() >= 1" } }
const SENT = 600

describe('a server that is killed', () => {
  it('has all that it acknowledged, and nothing twice, when it is started again; windows end meanwhile', async () => {
    const server = serve()
    const url = await server.ready
    await define(url, 'computed-traits', CLICKS)
    await define(url, 'audiences', HERE)
    const analytics = new Analytics({ writeKey: KEYS.WRITE_KEY, host: url, flushAt: 15, maxRetries: 0 })
    analytics.on('error', () => undefined)
    let acknowledged = 0
    const calls = Array.from({ length: SENT }, (_, index) => {
      return new Promise<boolean>((resolve) => {
        analytics.track({ userId: 'u1', event: 'Clicked', messageId: `m-${index}` }, (error) => {
          if (!error && ++acknowledged === SENT / 2) server.child.kill('SIGKILL')
          resolve(!error)
        })
      })
    })
    const outcomes = await Promise.all(calls)
    await server.end('SIGKILL')
    const again = serve()
    const urlAgain = await again.ready
    expect((await traits(urlAgain))['clicks']).toBeGreaterThanOrEqual(acknowledged)
    // Whoever got no answer sends again, with the same messageId.
    const retry = new Analytics({ writeKey: KEYS.WRITE_KEY, host: urlAgain, flushAt: 100 })
    for (const [index, isStored] of outcomes.entries())
      if (!isStored || index % 7 === 0) retry.track({ userId: 'u1', event: 'Clicked', messageId: `m-${index}` })
    await retry.closeAndFlush()
    expect((await traits(urlAgain))['clicks']).toBe(SENT)
    await eventually(async () => expect(await traits(urlAgain)).toEqual({ clicks: SENT, here: false }))
    expect(await again.end('SIGTERM')).toBe(0)
    const last = serve()
    expect(await traits(await last.ready)).toEqual({ clicks: SENT, here: false })
  })
})

describe('the data directory', () => {
  it('keeps the credentials that were made and shown once', async () => {
    const first = serve({})
    const url = await first.ready
    const writeKey = /Write key \(new\): (\S+)/.exec(first.output())?.[1] ?? ''
    expect(first.output()).toMatch(/Access token \(new\): \S+/)
    expect(await first.end('SIGTERM')).toBe(0)
    const again = serve({})
    const answer = await send(`${(await again.ready) || url}/v1/track`, {
      method: 'POST',
      headers: { authorization: basic(`${writeKey}:`) },
      body: JSON.stringify({ userId: 'u1', event: 'Clicked' }),
    })
    expect(answer.status).toBe(200)
    expect(again.output()).not.toMatch(/\(new\)/)
  })

  it('is for one server at a time', async () => {
    await serve().ready
    const other = serve()
    await expect(other.ready).rejects.toThrow('serve has ended with 2: rollcall: DATA_DIR: another server runs in')
  })
})

describe('a server that is told to end', () => {
  it('while it is starting ends in order', async () => {
    const server = serve({})
    await until(() => server.output().includes('Access token (new)'))
    expect(await server.end('SIGTERM')).toBe(0)
    expect(server.output()).not.toContain('Error')
  })
})

describe('a Redis that somebody else runs', () => {
  const redis = useRedis()

  it('is named where it cannot be reached', async () => {
    const server = serve({ ...KEYS, REDIS_URL: join(directory, 'nobody.sock') })
    await expect(server.ready).rejects.toThrow('REDIS_URL: Redis cannot be reached')
  })

  it('has a journal of one owner: the older server ends', async () => {
    // The older one does not notice by a checkpoint, before it is asked.
    const environment = { ...KEYS, CHECKPOINT_SECONDS: '3600', REDIS_URL: redis().address }
    const first = serve(environment)
    const firstUrl = await first.ready
    const second = runServe(join(directory, 'second'), environment)
    running.unshift(second)
    await second.ready
    const answer = await send(`${firstUrl}/v1/track`, {
      method: 'POST',
      headers: { authorization: basic(KEYS.WRITE_KEY) },
      body: JSON.stringify({ userId: 'u1', event: 'Clicked' }),
    })
    expect(answer.status).toBe(503)
    await eventually(() => expect(first.child.exitCode).toBe(1))
    expect(first.output()).toContain('another server has taken over the journal')
  })

  it('holds up no end, though it goes while the server starts', async () => {
    const own = await PrivateRedis.start({ directory: join(directory, 'redis'), appendfsync: 'always' })
    const client = createRedis(own.address)
    await client.connect()
    const server = serve({ ...KEYS, REDIS_URL: own.address })
    await eventually(async () => expect(await client.dbsize()).toBeGreaterThan(0), { interval: 1 })
    client.disconnect()
    await own.stop()
    expect(await server.end('SIGTERM')).toBe(0)
  })
})

describe('rollcall verify', () => {
  const verify = (...options: string[]) =>
    spawnSync(process.execPath, [MAIN, 'verify', ...options], {
      env: { PATH: process.env['PATH'], DATA_DIR: directory },
      encoding: 'utf8',
    })

  it('checks the checkpoint that a server has left, and is refused while one runs', async () => {
    const server = serve()
    const url = await server.ready
    await define(url, 'computed-traits', CLICKS)
    const analytics = new Analytics({ writeKey: KEYS.WRITE_KEY, host: url, flushAt: 1 })
    for (const userId of ['u1', 'u2', 'u1']) analytics.track({ userId, event: 'Clicked' })
    await analytics.closeAndFlush()
    expect(verify()).toMatchObject({ status: 2, stderr: expect.stringContaining('another server runs') as string })
    await server.end('SIGTERM')
    const { status, stdout } = verify()
    expect(stdout).toMatch(/^checkpoint \d+: 2 users and accounts, 0 differences\n$/)
    expect(status).toBe(0)
    const shown = verify('--show', 'user_id:u1').stdout
    expect(shown).toMatch(
      /^user_id:u1, actor \d+, 2 events, next deadline \S+\n {2}group \d+, due never\n {4}"Clicked"/,
    )
    expect(shown).toContain('\n  computed_trait clicks = 2, 2 transitions, ')
    expect(verify('--show', 'user_id:u9').stdout).toContain('user_id:u9 is not there\n')
  })

  it('says so where there is no checkpoint yet', () => {
    expect(verify()).toMatchObject({ status: 2, stderr: 'rollcall: space default has no checkpoint yet\n' })
  })
})
