/** A sync goes over everyone, whoever is about to leave memory. */
import { expect, it } from 'vitest'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { VirtualTime } from '../support/server.ts'
import { audience } from '../support/space.ts'
import { connection, destination } from './given.ts'

const START = 1_700_000_000_000
const MINUTE = 60_000
const USERS = 2 * PAGE_ACTORS

it('counts users whose page would have left memory with the very step', async () => {
  const [time, checkpoints] = [new VirtualTime(START), new MemoryCheckpoints()]
  const pipeline = await Pipeline.open({
    journal: new MemoryJournal<SpaceCommand>(),
    checkpoints,
    clock: time.clock,
    timer: time.timer,
    residentBytesMax: 0,
  })
  const seen = async (userId: string): Promise<void> => {
    const body = Buffer.from(JSON.stringify({ userId, event: 'Seen', messageId: `m-${userId}-${time.now}` }))
    await pipeline.ingest({ endpoint: 'track', sourceId: '', body, ...readRequest('track', parseBody(body)) })
  }
  const source = audience('seen', "event('Seen').count() >= 1")
  const names = { id: 'aud_seen', name: 'Seen', description: '', enabled: true, options: {} }
  const record = connection({ id: 'con_1', definitionId: names.id, key: source.key, type: 'USERS', kind: 'audience' })
  await pipeline.command({ kind: 'define', record: { ...names, source, createdAt: START, updatedAt: START } })
  await pipeline.command({ kind: 'put destination', destination: destination() })
  await pipeline.command({ kind: 'connect', connection: record, sync: 'known' })
  for (let user = 0; user < USERS; user++) await seen(`u${user}`)
  time.moveTo(START + MINUTE)
  await eventually(async () => expect(await checkpoints.committed()).toHaveLength(1))
  // All have left, and are back; a page that was touched stays once more: only the entry after the next can end that.
  for (let user = 0; user < USERS; user++) await pipeline.reads.find('users', { type: 'user_id', value: `u${user}` })
  await seen('another')
  expect(pipeline.shard.residentPages.coldPages).toBe(0)
  await pipeline.command({ kind: 'sync step', connectionId: 'con_1', from: 0, to: 1 })
  expect(pipeline.outbox.connection('con_1')!.sync).toMatchObject({ phase: 'counting', members: PAGE_ACTORS })
  expect(pipeline.shard.residentPages.coldPages).toBeGreaterThan(0)
  await pipeline.stop()
})
