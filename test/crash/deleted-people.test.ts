/**
 * Whoever is deleted is gone from all that the server keeps: from both Redis, with their files once these have been
 * rewritten, and from the data directory. Calls of theirs hold a word that nothing else does, which is looked for.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { openPart } from '../../src/checkpoints/checkpoint-codec.ts'
import { eventually, until } from '../support/eventually.ts'
import { basic, send } from '../support/server.ts'
import { Rig } from './harness/rig.ts'

const CANARY = 'kanarie'
/** The id by which the person is deleted: the audit log has it. */
const GUEST = 'guest-1'
/** A word of somebody else, which must stay. */
const NEIGHBOUR = 'nachbar'
const SERVERS = ['journal', 'queue'] as const

/** A webhook that refuses everything until it is told to take it. */
async function openWebhook(): Promise<{ url: string; taken: string[]; isOpen: boolean }> {
  const webhook = { url: '', taken: [] as string[], isOpen: true }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (webhook.isOpen) webhook.taken.push(Buffer.concat(chunks).toString())
      response.writeHead(webhook.isOpen ? 200 : 500).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  webhook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return webhook
}

async function contentsOf(redis: Redis, key: string): Promise<Buffer[]> {
  switch (await redis.type(key)) {
    case 'string':
      return [(await redis.getBuffer(key))!]
    case 'hash':
      return Object.entries(await redis.hgetallBuffer(key)).flatMap(([field, value]) => [Buffer.from(field), value])
    case 'list':
      return redis.lrangeBuffer(key, 0, -1)
    case 'set':
      return redis.smembersBuffer(key)
    case 'zset':
      return redis.zrangeBuffer(key, 0, -1)
    case 'stream':
      return (await redis.xrangeBuffer(key, '-', '+')).flatMap(([id, fields]) => [id, ...fields])
    default:
      return []
  }
}

/** Names the keys of a Redis in whose contents a word is, parts of checkpoints unpacked. */
async function keysWith(redis: Redis, word: string): Promise<string[]> {
  const found = new Set<string>()
  for (const key of await redis.keys('*'))
    for (const bytes of await contentsOf(redis, key)) {
      const unpacked = await openPart(bytes, key).catch(() => Buffer.alloc(0))
      if (bytes.includes(word) || unpacked.includes(word)) found.add(key)
    }
  return [...found]
}

/** Names the files below a folder in which a word is. */
function filesWith(folder: string, word: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => readFileSync(file).includes(word))
}

function checkpointsOf(rig: Rig): number {
  return rig.server.output().split('"msg":"checkpoint"').length - 1
}

/** Each checkpoint holds what came before it. */
async function makeCheckpoints(rig: Rig, count: number): Promise<void> {
  for (let made = 0; made < count; made++) {
    const before = checkpointsOf(rig)
    await rig.call()
    await until(() => checkpointsOf(rig) > before)
  }
}

it('of a person that is deleted, no byte stays', async () => {
  const rig = await Rig.begin('deleted people', {
    redis: 'private',
    environment: { DESTINATIONS_ALLOW_PRIVATE: 'all' },
  })
  const webhook = await openWebhook()
  const audience = await rig.made(
    'audiences',
    { name: 'Guests', definition: { query: "event('Visited').count() >= 1" } },
    'audience',
  )
  const settings = { url: webhook.url }
  const destination = await rig.made('destinations', { type: 'webhook', settings }, 'destination')
  await rig.made(
    `audiences/${audience.id}/destination-connections`,
    { destination: { id: destination.id }, connectionSettings: { traits: { city: 'City' } } },
    'connection',
  )
  for (const word of [CANARY, NEIGHBOUR]) {
    const ids = { userId: word === CANARY ? GUEST : `${word}-user`, anonymousId: `${word}-anonymous` }
    await rig.ingest('identify', { ...ids, traits: { email: `${word}@x.io`, city: `${word} city` } })
    await rig.ingest('group', { ...ids, groupId: 'team' })
    await rig.ingest('track', { ...ids, event: 'Visited', properties: { page: `${word} page` } })
    await rig.ingest('track', {
      ...ids,
      event: 'Visited',
      properties: { page: `${word} page` },
      messageId: `${word}-m`,
    })
    await rig.ingest('identify', { userId: ids.userId, context: { traits: { email: `${word}2@x.io` } } })
  }
  await until(() => webhook.taken.filter((text) => text.includes(CANARY)).length >= 2)
  webhook.isOpen = false
  // This waits for a destination that takes nothing.
  await rig.ingest('identify', { userId: GUEST, traits: { email: `${CANARY}3@x.io` } })
  const csv = await fetch(`${rig.url}/spaces/default/audiences/${audience.id}/export.csv?traits=city`, {
    headers: { authorization: `Bearer ${rig.environment['ACCESS_TOKEN']}` },
  })
  expect(await csv.text()).toContain(CANARY)
  await makeCheckpoints(rig, 1)
  const directory = join(rig.directory, 'data')
  const redis = SERVERS.map((name) => new Redis(join(directory, name, 'redis.sock')))
  onTestFinished(() => {
    for (const one of redis) one.disconnect()
  })
  // It is there, wherever it may be.
  expect(await keysWith(redis[0]!, CANARY)).not.toEqual([])
  expect(filesWith(directory, CANARY)).not.toEqual([])

  const path = `/v1/spaces/default/collections/users/profiles/user_id:${GUEST}`
  const headers = { authorization: basic(`${rig.environment['ACCESS_TOKEN']}:`) }
  expect((await send(rig.url + path, { method: 'DELETE', headers })).status).toBe(200)
  webhook.isOpen = true
  await until(() => webhook.taken.some((text) => text.includes(GUEST) && text.includes('"guests":false')))
  await makeCheckpoints(rig, 3)
  await eventually(async () => {
    for (const one of redis) expect(await keysWith(one, CANARY)).toEqual([])
  })
  expect(await keysWith(redis[0]!, NEIGHBOUR)).not.toEqual([])
  // Redis writes its files anew by itself, as it is told to after a deletion.
  await eventually(() => expect(filesWith(directory, CANARY)).toEqual([]))
  for (const one of redis) one.disconnect()
  expect(await rig.server.end('SIGTERM')).toBe(0)
  expect(filesWith(directory, CANARY)).toEqual([])
  expect(rig.server.output()).not.toContain(CANARY)
})
