/** The server as a process that speaks HTTPS, the commands that reach it, and the renewal of its certificate. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeCertificate, type MadeCertificate, shownAt } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/processes.ts'
import { MAIN, runServe, type ServeProcess } from '../support/run-serve.ts'

let directory = ''
let environment: Record<string, string> = {}
let server: ServeProcess | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-https-'))
  environment = {
    PORT: String(await freePort()),
    TLS_CERT: join(directory, 'cert.pem'),
    TLS_KEY: join(directory, 'key.pem'),
    ACCESS_TOKEN: 'access-token-1',
  }
})

afterEach(async () => {
  if (server?.child.exitCode === null && server.child.signalCode === null) await server.end('SIGTERM')
  await rm(directory, { recursive: true, force: true })
})

async function put({ cert, key }: MadeCertificate): Promise<void> {
  await writeFile(environment['TLS_CERT']!, cert)
  await writeFile(environment['TLS_KEY']!, key)
}

async function run(...parameters: string[]): Promise<{ status: number; output: string }> {
  const child = spawn(process.execPath, [MAIN, ...parameters], { env: { PATH: process.env['PATH'], ...environment } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const [status] = (await once(child, 'close')) as [number]
  return { status, output }
}

it('is reached by commands, is told to read its files again, and is known by its own certificate alone', async () => {
  const [first, second] = [await makeCertificate(), await makeCertificate()]
  await put(first)
  expect(await run('health')).toEqual({ status: 1, output: expect.stringContaining('ECONNREFUSED') as string })
  server = runServe(join(directory, 'data'), environment)
  const url = await server.ready
  expect(url).toBe(`https://127.0.0.1:${environment['PORT']}`)
  expect(await shownAt(url)).toBe(first.fingerprint)
  expect(await run('health')).toEqual({ status: 0, output: '' })
  expect(await run('audiences')).toEqual({ status: 0, output: '' })

  await writeFile(environment['TLS_CERT']!, second.cert)
  server.child.kill('SIGHUP')
  await eventually(() => expect(server!.output()).toContain('the certificate cannot be renewed; the one before stays'))
  expect(await shownAt(url)).toBe(first.fingerprint)
  expect(await run('audiences')).toEqual({
    status: 2,
    output: expect.stringContaining('it shows another certificate than that of TLS_CERT') as string,
  })
  await put(second)
  server.child.kill('SIGHUP')
  await eventually(async () => expect(await shownAt(url)).toBe(second.fingerprint))
  await eventually(() => expect(server!.output()).toContain('the certificate has been renewed'))
  expect(await run('health')).toEqual({ status: 0, output: '' })
  expect(await server.end('SIGTERM')).toBe(0)
})

it('does not start with a key of another certificate, or with half of a pair', async () => {
  const [first, second] = [await makeCertificate(), await makeCertificate()]
  await put({ ...first, key: second.key })
  const { TLS_KEY = '', ...half } = environment
  await expect(runServe(join(directory, 'data'), environment).ready).rejects.toThrow(
    'serve has ended with 2: rollcall: TLS_KEY: expected the key of the certificate in TLS_CERT',
  )
  await expect(runServe(join(directory, 'data'), { ...half, TLS_KEY: '' }).ready).rejects.toThrow(
    'rollcall: TLS_KEY: expected a PEM file, as TLS_CERT names one; got none',
  )
  await expect(runServe(join(directory, 'data'), { ...half, TLS_CERT: '', TLS_KEY }).ready).rejects.toThrow(
    'rollcall: TLS_CERT: expected a PEM file, as TLS_KEY names one; got none',
  )
})
