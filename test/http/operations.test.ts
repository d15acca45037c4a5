/** The pages for those who run the server. */
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { startServer } from '../../src/server/server.ts'
import type { Stores } from '../../src/server/space-server.ts'
import { memoryDelivery } from '../support/memory-delivery.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { MemoryInstallation } from '../support/memory-installation.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { CONFIG, send, startTestServer } from '../support/server.ts'

const SILENT = pino({ level: 'silent' })

/** The value of a sample in the text that Prometheus reads. */
function sample(text: string, name: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return Number(line?.slice(name.length))
}

describe('/metrics', () => {
  it('counts answers, transitions and profiles, and names nobody', async () => {
    const server = await startTestServer()
    const definition = { query: "event('Seen').count() >= 1" }
    await server.control('POST', 'audiences', { name: 'Seen', definition })
    for (const userId of ['canary-1', 'canary-2'])
      await server.ingest('track', { userId, event: 'Seen', properties: { secret: 'canary' } })
    await server.ingest('track', { userId: 'canary-3' })
    await server.traits('user_id:canary-1')
    const answer = await fetch(`${server.url}/metrics`)
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(sample(text, 'rollcall_profiles{space="space1"}')).toBe(2)
    expect(sample(text, 'rollcall_transitions_total{space="space1",type="entered"}')).toBe(2)
    const count = 'rollcall_http_request_duration_seconds_count'
    expect(sample(text, `${count}{method="POST",route="/v1/track",status="200"}`)).toBe(2)
    expect(sample(text, `${count}{method="POST",route="/v1/track",status="400"}`)).toBe(1)
    expect(text).not.toContain('canary')
    await server.stop()
  })
})

describe('a server that still reads its journal', () => {
  it('is alive, not ready, and asks callers to come again', async () => {
    let release: (stores: Stores) => void = () => undefined
    const opening = new Promise<Stores>((resolve) => {
      release = resolve
    })
    let url = ''
    const config = { ...CONFIG, port: 0, onListening: (at: string) => (url = at) }
    const starting = startServer(config, SILENT, new MemoryInstallation(CONFIG.spaceId, () => opening), {})
    await expect.poll(() => url).not.toBe('')
    expect((await send(`${url}/healthz`)).status).toBe(200)
    for (const path of [
      '/readyz',
      '/v1/track',
      '/v1/spaces//collections/users/profiles/user_id:u1/traits',
      '/spaces',
    ]) {
      const { status, headers } = await send(`${url}${path}`)
      expect([path, status, headers.get('retry-after')]).toEqual([path, 503, '1'])
    }
    release({ journal: new MemoryJournal<SpaceCommand>(), delivery: memoryDelivery(CONFIG.spaceId) })
    const server = await starting
    expect((await send(`${url}/readyz`)).status).toBe(200)
    await server.stop()
  })
})
