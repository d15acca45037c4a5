/** Sockets of a guarded process, whoever opens them. Each way of connecting runs in a process of its own. */
import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const MODULES = new URL('../../../dist/destinations/', import.meta.url).href

let server: Server
let hits = 0

beforeAll(async () => {
  server = createServer((_, response) => {
    hits++
    response.end('reached')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterAll(() => server.close())

/** Runs a connection in a guarded process: `PORT` is the server's. Resolves with what it printed. */
async function guarded(connection: string, allowPrivate = 'false'): Promise<string> {
  const { port } = server.address() as AddressInfo
  const program = `
    const { createAddresses } = await import('${MODULES}contract/address-guard.js')
    const { guardSockets, withoutSockets } = await import('${MODULES}catalogue/host/socket-guard.js')
    guardSockets(createAddresses(${allowPrivate}))
    const [http, net, tls] = [await import('node:http'), await import('node:net'), await import('node:tls')]
    const PORT = ${port}
    const end = (text) => { console.log(text); process.exit(0) }
    const failed = ({ code, cause }) => end(code ?? cause?.code)
    const read = (response) => response.on('data', (data) => end(String(data)))
    ${connection}`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  return stdout.trim()
}

const HTTP = (host: string) => `http.get('http://${host}:' + PORT, read).on('error', failed)`
const CONNECT = (parameters: string) =>
  `net.connect(${parameters}).on('error', failed).on('connect', () => end('reached'))`

describe('a guarded process', () => {
  it.each([
    ['an address', HTTP('127.0.0.1')],
    ['a name', HTTP('localhost')],
    ['a decimal address', HTTP('2130706433')],
    ['an address of the new kind', HTTP('[::1]')],
    ['a mapped address', HTTP('[::ffff:127.0.0.1]')],
    ['a port alone', CONNECT('PORT')],
    ['a port and a host', CONNECT("PORT, '127.0.0.1'")],
    ['options', CONNECT("{ port: PORT, host: '127.0.0.1' }")],
    [
      'a socket made before',
      "new net.Socket().on('error', failed).on('connect', () => end('reached')).connect(PORT, '127.0.0.1')",
    ],
    [
      'a lookup of its own',
      CONNECT("{ port: PORT, host: 'x.example', lookup: (h, o, done) => done(null, '127.0.0.1', 4) }"),
    ],
    ['a path', CONNECT("'/var/run/docker.sock'")],
    ['TLS', "tls.connect({ port: PORT, host: '127.0.0.1' }).on('error', failed)"],
    ['fetch', "fetch('http://127.0.0.1:' + PORT).then(() => end('reached'), failed)"],
  ])('connects to no private peer by %s', async (_, connection) => {
    const before = hits
    const said = await guarded(connection)
    // A name that nobody knows is never looked up by a way around the guard.
    expect(said).toMatch(/^(ERR_BLOCKED_ADDRESS|ENOTFOUND|EAI_AGAIN)$/)
    expect(hits).toBe(before)
  })

  it('connects nowhere within a rehearsal, and again outside of it', async () => {
    const before = hits
    const waiting = `await new Promise((resolve) => setImmediate(resolve)); ${HTTP('127.0.0.1')}`
    expect(await guarded(`withoutSockets(async () => { ${waiting} })`, 'true')).toBe('ERR_BLOCKED_ADDRESS')
    expect(hits).toBe(before)
    expect(await guarded(`withoutSockets(() => undefined); ${HTTP('127.0.0.1')}`, 'true')).toBe('reached')
  })

  it('connects where it is allowed', async () => {
    expect(await guarded(HTTP('127.0.0.1'), "['127.0.0.0/8']")).toBe('reached')
    expect(await guarded(HTTP('localhost'), 'true')).toBe('reached')
    expect(await guarded(CONNECT("PORT, '127.0.0.1'"), "['127.0.0.1']")).toBe('reached')
    expect(await guarded(HTTP('127.0.0.1'), "['10.0.0.0/8']")).toBe('ERR_BLOCKED_ADDRESS')
  })
})
