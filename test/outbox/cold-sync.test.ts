/** A sync goes over everyone, whoever is about to leave memory. */
import { expect, it } from 'vitest'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { Pipeline } from '../../src/space/pipeline.ts'
import { eventually } from '../support/eventually.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { sendCall } from '../support/send-call.ts'
import { VirtualTime } from '../support/server.ts'
import { accountAudience, audience } from '../support/space.ts'
import { connection, destination } from './given.ts'

const START = 1_700_000_000_000
const MINUTE = 60_000
const USERS = 2 * PAGE_ACTORS

async function opened(time: VirtualTime, checkpoints: MemoryCheckpoints): Promise<Pipeline> {
  const pipeline = await Pipeline.open({
    journal: new MemoryJournal<SpaceCommand>(),
    checkpoints,
    clock: time.clock,
    timer: time.timer,
    residentBytesMax: 0,
  })
  await pipeline.command({ kind: 'put destination', destination: destination() })
  return pipeline
}

it('counts users whose page would have left memory with the very step', async () => {
  const [time, checkpoints] = [new VirtualTime(START), new MemoryCheckpoints()]
  const pipeline = await opened(time, checkpoints)
  const seen = (userId: string) =>
    sendCall(pipeline, 'track', { userId, event: 'Seen', messageId: `m-${userId}-${time.now}` })
  const source = audience('seen', "event('Seen').count() >= 1")
  const names = { id: 'aud_seen', name: 'Seen', description: '', enabled: true, options: {} }
  const record = connection({ id: 'con_1', definitionId: names.id, key: source.key, type: 'USERS', kind: 'audience' })
  await pipeline.command({ kind: 'define', record: { ...names, source, createdAt: START, updatedAt: START } })
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

it('tells all users of an account that have left memory, of a change and by a sync', async () => {
  const [time, checkpoints] = [new VirtualTime(START), new MemoryCheckpoints()]
  const pipeline = await opened(time, checkpoints)
  const source = accountAudience('seen', "event('Seen').count() >= 1")
  const names = { id: 'aud_seen', name: 'Seen', description: '', enabled: true, options: {} }
  await pipeline.command({ kind: 'define', record: { ...names, source, createdAt: START, updatedAt: START } })
  const sends = { group: false, identify: true, track: false }
  const definition = { definitionId: names.id, key: source.key, type: 'ACCOUNTS', kind: 'audience', sends } as const
  await pipeline.command({ kind: 'connect', connection: connection({ id: 'con_1', ...definition }), sync: 'known' })
  const stepAll = (connectionId: string) => pipeline.command({ kind: 'sync step', connectionId, from: 0, to: 3 })
  await stepAll('con_1')
  await stepAll('con_1')
  for (let user = 0; user < USERS; user++)
    await sendCall(pipeline, 'group', { userId: `u${user}`, groupId: 'g1', messageId: `g${user}` })
  const { residentPages } = pipeline.shard
  const leave = async (checkpointCount: number): Promise<void> => {
    time.moveTo(time.now + MINUTE)
    await eventually(async () => expect(await checkpoints.committed()).toHaveLength(Math.min(2, checkpointCount)))
    for (let entry = 0; residentPages.coldPages < 2 && entry < 9; entry++)
      await sendCall(pipeline, 'track', { userId: 'another', event: 'Other', messageId: `o${time.now}-${entry}` })
    expect(residentPages.coldPages).toBeGreaterThanOrEqual(2)
  }
  const told = (): number[] =>
    pipeline.outbox
      .destination(destination().id)!
      .outbox.state()
      .flatMap(({ deliveries }) => deliveries.map(({ number }) => number))
      .sort((a, b) => a - b)
  const numbers = (from: number): number[] => Array.from({ length: USERS }, (_, index) => from + index)
  await leave(1)
  await sendCall(pipeline, 'track', { userId: 'u1', event: 'Seen', messageId: 'seen' })
  expect(told()).toEqual(numbers(1))
  await pipeline.command({ kind: 'sync', connectionId: 'con_1', scope: 'known' })
  await leave(2)
  await stepAll('con_1')
  expect(pipeline.outbox.connection('con_1')!.sync).toMatchObject({ phase: 'sending', members: USERS })
  await leave(2)
  await stepAll('con_1')
  // Those that had not arrived yet make room for later ones.
  expect(told()).toEqual(numbers(USERS + 1))
  await pipeline.stop()
})
