/** A checkpoint as it was written when its format was new: every later program can read it, or must say a new version. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { recover } from '../../src/space/recovery.ts'
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts'
import { MemoryJournal } from '../support/memory-journal.ts'

/** Part → bytes in base64, of a checkpoint that holds the first six entries of a journal. */
const GOLDEN = join(import.meta.dirname, 'golden')

/** By the name of its file; one without origins is older than these. */
it.each(['1', '2', '3', '3-origins'])('reads a checkpoint of version %s', async (name) => {
  const version = Number(name[0])
  const checkpoints = new MemoryCheckpoints()
  const parts = JSON.parse(readFileSync(join(GOLDEN, `checkpoint-${name}.json`), 'utf8')) as Record<string, string>
  for (const text of Object.values(parts)) expect(Buffer.from(text, 'base64')[0]).toBe(version)
  await checkpoints.write(
    1,
    Object.entries(parts).map(([part, text]) => [part, Buffer.from(text, 'base64')]),
  )
  await checkpoints.commit(1, undefined)
  const journal = new MemoryJournal<SpaceCommand>()
  for (let position = 0; position < 6; position++) await journal.append({ kind: 'tick', receivedAt: 0 })
  const { shard, registry, receivedAt, entries } = await recover({
    journal,
    checkpoints,
    shard: {},
    onProgress: () => undefined,
    onDamaged: (cause) => {
      throw cause
    },
  })
  const user = shard.profile('email', 'alex@example.com')!
  expect(user.ids).toEqual([
    { type: 'user_id', value: 'u1' },
    { type: 'email', value: 'alex@example.com' },
    { type: 'anonymous_id', value: 'a1' },
  ])
  expect(user.traits.values).toEqual({ email: 'alex@example.com', nested: { list: [1, 'two', null, true] } })
  expect(user.keptEvents().map(({ name, properties }) => [name, properties])).toEqual([['Order', { total: 12.5 }]])
  expect([user.definedValue(0), user.definedValue(1)]).toEqual([true, 12.5])
  expect(shard.account('g1')!.traits.values).toEqual({ seats: 3 })
  expect([...user.accounts]).toEqual([shard.account('g1')])
  expect(shard.deduplication.isNew('m1', receivedAt)).toBe(false)
  expect(shard.deduplication.isNew('m2', receivedAt)).toBe(true)
  expect(registry.list('audience').map(({ record }) => record.name)).toEqual(['Buyers'])
  expect([receivedAt, entries]).toEqual([1767225600000, 0])
  const hasOrigins = name === '3-origins'
  expect(user.origins.map((origin) => origin?.messageId)).toEqual(
    hasOrigins ? ['m0', 'm0', 'm1'] : [undefined, undefined, undefined],
  )
  expect(user.keptEvents()[0]!.ids).toEqual(hasOrigins ? [0, 2] : undefined)
  expect(shard.account('g1')!.firstCall?.messageId).toBe(hasOrigins ? 'm4' : undefined)
  expect(user.lastCall?.messageId).toBe(hasOrigins ? 'm4' : user.keptEvents()[0]!.messageId)
})
