/** Logs hold nothing of what anybody sent, whatever field it was in and whatever became of it. */
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { startServer } from '../../src/server/server.ts'
import { memoryDelivery } from '../support/memory-delivery.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { MemoryInstallation } from '../support/memory-installation.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { basic, CONFIG } from '../support/server.ts'

const lines: string[] = []
const log = pino(
  { level: 'trace' },
  new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  }),
)

let canaries = 0
/** A text that is found wherever it goes. */
function canary(): string {
  return `canary-${++canaries}-\n\u001b[31m@example.com`
}

function call(type: string): Record<string, unknown> {
  return {
    type,
    userId: canary(),
    anonymousId: canary(),
    messageId: canary(),
    event: canary(),
    name: canary(),
    groupId: canary(),
    previousId: canary(),
    properties: { [canary()]: canary(), nested: { deep: [canary()] } },
    traits: { email: canary(), [canary()]: canary() },
    context: {
      ip: canary(),
      traits: { email: canary() },
      externalIds: [{ id: canary(), type: 'custom', collection: 'users' }],
    },
  }
}

it('hold no personal data', async () => {
  const journal = new MemoryJournal<SpaceCommand>()
  const server = await startServer(
    CONFIG,
    log,
    new MemoryInstallation(CONFIG.spaceId, () =>
      Promise.resolve({ journal, delivery: memoryDelivery(CONFIG.spaceId) }),
    ),
    {},
  )
  const key = { authorization: basic(`${CONFIG.writeKey}:`) }
  const token = { authorization: basic(`${CONFIG.accessToken}:`) }
  const statuses = new Set<number>()
  const ask = async (path: string, init: RequestInit): Promise<void> => {
    statuses.add((await fetch(server.url + path, init)).status)
  }
  const post = (path: string, body: unknown, headers: Record<string, string> = key) =>
    ask(path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
  for (const type of ['track', 'identify', 'page', 'screen', 'group', 'alias']) {
    await post(`/v1/${type}`, call(type))
    await post(`/v1/${type}`, { ...call(type), userId: undefined, anonymousId: undefined, traits: canary() })
    await post('/v1/batch', { batch: [call(type), canary(), { ...call(type), type: canary() }], context: canary() })
  }
  await post('/v1/track', call('track'), { authorization: basic(canary()) })
  await post('/v1/track', `{"userId":"${canary()}`)
  await post('/v1/track', { userId: 'x'.repeat(40_000) + canary() })
  const path = `/v1/spaces/${CONFIG.spaceId}/collections/users/profiles/user_id:${encodeURIComponent(canary())}`
  await ask(`${path}/traits?include=${encodeURIComponent(canary())}`, { headers: token })
  await ask(`${path}/${encodeURIComponent(canary())}`, { headers: token })
  await ask(`/${encodeURIComponent(canary())}?${encodeURIComponent(canary())}`, {})
  await server.stop()
  expect(statuses).toEqual(new Set([200, 400, 401, 404]))
  expect(lines.length).toBeGreaterThan(20)
  expect(canaries).toBeGreaterThan(300)
  expect(lines.filter((line) => line.includes('canary'))).toEqual([])
})
