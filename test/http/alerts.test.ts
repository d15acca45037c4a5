/** Alerts of a whole server, as who is told receives them. */
import { expect, it, onTestFinished } from 'vitest'
import { serve } from '../destinations/contract/loopback.ts'
import { HeldJournal } from '../journal/held-journal.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { memoryDelivery } from '../support/memory-delivery.ts'
import { MemoryInstallation } from '../support/memory-installation.ts'
import { CONFIG, startTestServer, VirtualTime } from '../support/server.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'

const START = Date.UTC(2026, 0, 31, 10)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

type Fields = Record<string, unknown>

class FullDisk extends MemoryCheckpoints {
  isFull = false

  override write(...given: Parameters<MemoryCheckpoints['write']>): Promise<void> {
    return this.isFull ? Promise.reject(new Error('MISCONF no space left')) : super.write(...given)
  }
}

async function given() {
  const notices: Fields[] = []
  const { url } = await serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      notices.push(JSON.parse(Buffer.concat(chunks).toString()) as Fields)
      response.end()
    })
  })
  const time = new VirtualTime(START)
  const journal = new HeldJournal<SpaceCommand>()
  journal.release()
  const checkpoints = new FullDisk()
  const delivery = memoryDelivery(CONFIG.spaceId)
  const installation = new MemoryInstallation(CONFIG.spaceId, () => Promise.resolve({ journal, checkpoints, delivery }))
  const alerts = { url, secrets: [], allowPrivate: true, sizePercent: 50, sizeCount: 2 }
  const server = await startTestServer({
    clock: time.clock,
    timer: time.timer,
    installation,
    delivery,
    checkpointLimits: { intervalMs: HOUR, bytesMax: Infinity },
    config: { alerts },
  })
  onTestFinished(() => server.stop())
  /**
   * Time passes, which is looked at twice; resolves with what has been told by then, once it is that much, and once the
   * server knows: a notice that is still under way when time goes on has timed out.
   */
  const told = (count: number, forMs = 10_000) => {
    time.moveTo(time.now + forMs)
    return eventually(async () => {
      expect(notices).toHaveLength(count)
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      expect(metrics).toContain(`rollcall_alert_notices_total{result="delivered"} ${count}\n`)
      return notices.map(({ state, alert }) => `${String(state)} ${String(alert)}`)
    })
  }
  return { server, time, journal, checkpoints, notices, told }
}

it('the beginning and the end of a condition are told of, under one id', async () => {
  const { server, time, notices, told } = await given()
  const { body } = await server.control('POST', 'audiences', {
    name: 'Buyers',
    definition: { query: "event('Order').within(7 days).count() >= 1" },
  })
  const { id } = (body['data'] as { audience: { id: string } }).audience
  await server.ingest('track', { userId: 'u0', event: 'Order' })
  time.moveTo(START + 2 * HOUR)
  for (const userId of ['u1', 'u2', 'u3']) await server.ingest('track', { userId, event: 'Order' })
  expect(await told(1)).toEqual(['firing audience_size'])
  expect(await told(2, HOUR - 10_000)).toEqual(['firing audience_size', 'resolved audience_size'])
  const [began, ended] = notices
  expect(began).toEqual({
    id: expect.stringMatching(/^alert_[0-9a-f]{32}$/) as string,
    alert: 'audience_size',
    space: 'space1',
    state: 'firing',
    since: '2026-01-31T12:00:05.000Z',
    at: '2026-01-31T12:00:10.000Z',
    summary: 'The audience buyers has 4 members, and had 1 an hour ago',
    details: { audienceId: id, key: 'buyers', size: 4, sizeBefore: 1 },
  })
  expect(ended).toMatchObject({ id: began!['id'], state: 'resolved', since: began!['since'] })
})

it('the journal, checkpoints and destinations are looked at', async () => {
  const { server, journal, checkpoints, notices, told } = await given()
  journal.isReachable = false
  expect(await told(1)).toEqual(['firing journal_lag'])
  journal.isReachable = true
  expect(await told(2)).toEqual(['firing journal_lag', 'resolved journal_lag'])
  checkpoints.isFull = true
  await server.ingest('track', { userId: 'u1', event: 'Order' })
  await server.pipeline.backUp('space1', () => Promise.resolve()).catch(() => undefined)
  expect((await told(3)).at(-1)).toBe('firing checkpoint')
  expect(notices.at(-1)).toMatchObject({ details: { reason: 'failing' } })
  checkpoints.isFull = false
  await server.pipeline.backUp('space1', () => Promise.resolve())
  expect((await told(4)).at(-1)).toBe('resolved checkpoint')
})
