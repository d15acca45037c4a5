/** The client of docs/live-feed.md, as a process of its own, and two servers of one space, one after the other. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { type RunningServer, startServer } from '../../src/server/server.ts'
import { eventually } from '../support/eventually.ts'
import { memoryDelivery } from '../support/memory-delivery.ts'
import { MemoryInstallation } from '../support/memory-installation.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { basic, CONFIG, send } from '../support/server.ts'

const TEXT = readFileSync(join(import.meta.dirname, '../../docs/live-feed.md'), 'utf8')
const CLIENT = /```js\n(.*?)```/s.exec(TEXT)![1]!

it('prints every transition once, though the server is another in between', async () => {
  const journal = new MemoryJournal<SpaceCommand>()
  const start = (port: number): Promise<RunningServer> =>
    startServer(
      { ...CONFIG, port },
      pino({ level: 'silent' }),
      new MemoryInstallation(CONFIG.spaceId, () =>
        Promise.resolve({ journal, delivery: memoryDelivery(CONFIG.spaceId) }),
      ),
      {},
    )
  let server = await start(0)
  const { url } = server
  const headers = { authorization: `Bearer ${CONFIG.accessToken}` }
  const space = `${url}/spaces/${CONFIG.spaceId}`
  const body = JSON.stringify({ name: 'Orders', definition: { query: "event('Order').count()" } })
  await send(`${space}/computed-traits`, { method: 'POST', headers, body })
  // A connection to the server of before may still be used once: it counts once, however often it is sent.
  const order = (messageId: string): Promise<unknown> =>
    eventually(() =>
      send(`${url}/v1/track`, {
        method: 'POST',
        headers: { authorization: basic(`${CONFIG.writeKey}:`) },
        body: JSON.stringify({ userId: 'u1', event: 'Order', messageId }),
      }),
    )
  const file = join(mkdtempSync(join(tmpdir(), 'feed-')), 'client.mjs')
  writeFileSync(file, CLIENT)
  const client = run(file, `${space}/transitions`)
  try {
    await order('m1')
    await eventually(() => expect(client.values()).toEqual([1]))
    await server.stop()
    server = await start(Number(new URL(url).port))
    await order('m2')
    await order('m3')
    await eventually(() => expect(client.values()).toEqual([1, 2, 3]))
    expect(client.lines().filter((line) => line.startsWith('gap'))).toEqual([])
  } finally {
    client.process.kill()
    await server.stop()
  }
})

it('is about 20 lines', () => {
  expect(CLIENT.trim().split('\n').length).toBeLessThanOrEqual(24)
})

function run(
  file: string,
  address: string,
): { readonly process: ChildProcess; readonly lines: () => string[]; readonly values: () => unknown[] } {
  const process = spawn('node', [file, '0-0'], { env: { FEED_URL: address, ACCESS_TOKEN: CONFIG.accessToken } })
  let text = ''
  process.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const lines = (): string[] => text.trim().split('\n')
  const values = (): unknown[] =>
    lines().flatMap((line) => {
      const data = /^transition (.*)/.exec(line)?.[1]
      return data === undefined ? [] : [(JSON.parse(data) as { value: unknown }).value]
    })
  return { process, lines, values }
}
