/** The server with a Redis that speaks TLS, by a certificate that it is told to trust; its queue of deliveries too. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/processes.ts'
import { SELF_SIGNED } from '../destinations/contract/self-signed.ts'
import { basic, send } from '../support/server.ts'
import { runServe, type ServeProcess } from '../support/run-serve.ts'

const KEYS = { WRITE_KEY: 'write-key-1', ACCESS_TOKEN: 'access-token-1' }

let directory = ''
let redis: ChildProcess
let address = ''
let server: ServeProcess | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-tls-'))
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  await writeFile(cert, SELF_SIGNED.cert)
  await writeFile(key, SELF_SIGNED.key)
  const port = String(await freePort())
  const tls = ['--tls-port', port, '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert]
  const rest = ['--port', '0', '--tls-auth-clients', 'no', '--dir', directory, '--save', '', '--appendonly', 'yes']
  redis = spawn('redis-server', [...tls, ...rest, '--appendfsync', 'always'], { stdio: 'ignore' })
  address = `rediss://127.0.0.1:${port}`
})

afterEach(async () => {
  if (server?.child.exitCode === null && server.child.signalCode === null) await server.end('SIGTERM')
  const ended = once(redis, 'exit')
  redis.kill('SIGKILL')
  await ended
  await rm(directory, { recursive: true, force: true })
})

function serve(environment: Record<string, string>): ServeProcess {
  server = runServe(join(directory, 'data'), { ...KEYS, REDIS_URL: address, ...environment })
  return server
}

it('keeps the journal there, and delivers through it', async () => {
  const running = serve({ NODE_EXTRA_CA_CERTS: join(directory, 'cert.pem') })
  const url = await running.ready
  const control = async (path: string, body: object): Promise<Record<string, { id: string }>> => {
    const headers = { authorization: `Bearer ${KEYS.ACCESS_TOKEN}` }
    const answer = await send(`${url}/spaces/default/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return answer.body['data'] as Record<string, { id: string }>
  }
  const { audience } = await control('audiences', { name: 'Seen', definition: { query: "event('Seen').count() >= 1" } })
  const { destination } = await control('destinations', { type: 'console' })
  await control(`audiences/${audience!.id}/destination-connections`, { destination: { id: destination!.id } })
  const headers = { authorization: basic(`${KEYS.WRITE_KEY}:`) }
  const body = JSON.stringify({ userId: 'u1', event: 'Seen' })
  expect((await send(`${url}/v1/track`, { method: 'POST', headers, body })).status).toBe(200)
  await eventually(() => expect(running.output()).toContain('"userId":"u1","traits":{"seen":true}'))
})

it('does not trust whom nobody has told it to trust', async () => {
  await expect(serve({}).ready).rejects.toThrow('REDIS_URL: Redis cannot be reached')
})
