/** The life of a `redis-server` of the process's own: death, end, what is left behind, and what keeps it from starting. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { eventually, until } from '../support/eventually.ts'
import { createRedis } from '../../src/redis/client.ts'
import { PrivateRedis } from '../../src/redis/private-redis.ts'
import { processesIn, signal } from '../support/processes.ts'

let directory: string
const deaths: string[] = []
const started: PrivateRedis[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-redis-'))
  deaths.length = 0
})

afterEach(async () => {
  await Promise.all(started.splice(0).map((redis) => redis.stop()))
  rmSync(directory, { recursive: true })
})

async function start(): Promise<PrivateRedis> {
  const onDeath = (how: string) => void deaths.push(how)
  const redis = await PrivateRedis.start({ directory, appendfsync: 'always', onDeath })
  started.push(redis)
  return redis
}

/** Sends one command, trying until the server answers. */
function ask(redis: PrivateRedis, command: string, ...parameters: string[]): Promise<unknown> {
  const attempt = async () => {
    const client = createRedis(redis.address)
    try {
      await client.connect()
      return await client.call(command, parameters)
    } finally {
      client.disconnect()
    }
  }
  return eventually(attempt)
}

describe('a server that is killed', () => {
  it('is started again, with all that it had', async () => {
    const redis = await start()
    await ask(redis, 'SET', 'a', '1')
    for (let time = 1; time <= 3; time++) {
      const { pid } = redis
      signal(pid!, 'SIGKILL')
      await until(() => redis.pid !== undefined && redis.pid !== pid)
      expect(String(await ask(redis, 'GET', 'a'))).toBe('1')
      expect(processesIn(directory)).toEqual([redis.pid])
    }
    expect(deaths).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL'])
  })
})

describe('the end', () => {
  it('leaves no process, and no death to tell of', async () => {
    const redis = await start()
    await redis.stop()
    expect([processesIn(directory), deaths]).toEqual([[], []])
    await redis.stop()
  })

  it('just after a death leaves no process either', async () => {
    const redis = await start()
    signal(redis.pid!, 'SIGKILL')
    await until(() => deaths.length > 0)
    await redis.stop()
    expect(processesIn(directory)).toEqual([])
  })
})

describe('the start', () => {
  it('ends a server that an earlier process has left behind', async () => {
    const before = await start()
    await ask(before, 'SET', 'a', '1')
    const { pid } = before
    const after = await start()
    expect(processesIn(directory)).not.toContain(pid)
    expect(String(await ask(after, 'GET', 'a'))).toBe('1')
  })

  it('goes on with another server where the first is killed before it answers', async () => {
    const real = execFileSync('sh', ['-c', 'command -v redis-server'], { encoding: 'utf8' }).trim()
    const bin = mkdtempSync(join(tmpdir(), 'rollcall-bin-'))
    const script = `#!/bin/sh\n[ -e ${bin}/once ] && exec ${real} "$@"\ntouch ${bin}/once\nkill -9 $$\n`
    writeFileSync(join(bin, 'redis-server'), script, { mode: 0o755 })
    vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)
    try {
      const redis = await start()
      expect(String(await ask(redis, 'PING'))).toBe('PONG')
      expect(deaths).toEqual(['SIGKILL'])
    } finally {
      vi.unstubAllEnvs()
      rmSync(bin, { recursive: true })
    }
  })

  it('fails where the server cannot read its file, and leaves no process', async () => {
    await (await start()).stop()
    const [name] = readdirSync(join(directory, 'appendonlydir')).filter((file) => file.endsWith('.incr.aof'))
    writeFileSync(join(directory, 'appendonlydir', name!), 'no journal\r\n')
    await expect(start()).rejects.toThrow('redis-server cannot start')
    expect([processesIn(directory), deaths]).toEqual([[], [expect.stringMatching(/^exit code|^SIG/)]])
  })

  it('fails where the path of its socket is too long', async () => {
    const options = { directory: join(directory, 'a'.repeat(100)), appendfsync: 'always' } as const
    await expect(PrivateRedis.start(options)).rejects.toThrow('DATA_DIR: expected a shorter path')
  })
})
