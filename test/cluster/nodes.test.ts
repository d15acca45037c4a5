/** Nodes as processes at one Redis: whichever is asked answers, and none is missed when it goes. */
import { gzipSync } from 'node:zlib'
import { Analytics } from '@segment/analytics-node'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sized } from '../crash/harness/runs.ts'
import { eventually, until } from '../support/eventually.ts'
import { Cluster, type ClusterNode, type MadeSpace } from '../support/cluster.ts'

const KILLS = sized({ usual: 1, full: 100 })
const FREEZES = sized({ usual: 1, full: 50 })
const DEPLOYS = sized({ usual: 1, full: 50 })
const NODES = 3
const SPACES = 4
const SECRET = 'what the nodes of this cluster know'

let cluster: Cluster
beforeAll(async () => {
  cluster = await Cluster.start(NODES, { CLUSTER_SECRET: SECRET })
  for (let number = 0; number < SPACES; number++) await cluster.make(`space_${number}`, cluster.nodes[number % NODES])
})
afterAll(() => cluster.stop())

/** Returns the cluster as it is when all of its spaces are at some node: each test leaves it with all of its nodes. */
async function healthy(): Promise<Cluster> {
  await cluster.settles()
  return cluster
}

/** Sends calls of all spaces to all nodes in turn, until it is told to end. */
function load(of: Cluster): { stop(): Promise<number> } {
  let [isOver, turn, failures] = [false, 0, 0]
  const nodeOf = (): ClusterNode => of.nodes[turn++ % of.nodes.length]!
  const senders = of.spaces.map(async (space) => {
    while (!isOver) failures += await of.order(space, nodeOf)
  })
  return {
    stop: async () => {
      isOver = true
      await Promise.all(senders)
      return failures
    },
  }
}

async function expectCounted(of: Cluster): Promise<void> {
  for (const node of of.nodes)
    for (const space of of.spaces) expect(await of.counted(space, node)).toBe(space.acknowledged)
}

it('shares spaces out, and answers for each at every node', async () => {
  const of = await healthy()
  const nodes = await of.seen()
  expect(nodes.map(({ spaces }) => spaces.length).sort()).toEqual([1, 2, 2])
  for (const node of of.nodes) for (const space of of.spaces) expect(await of.order(space, () => node)).toBe(0)
  await expectCounted(of)
})

it('loses no call, and counts none twice, when nodes are killed', async () => {
  const of = await healthy()
  const calls = load(of)
  for (let kills = 0; kills < KILLS; kills++) {
    await acknowledged(of, 100)
    await of.end(of.nodes[kills % of.nodes.length]!, 'SIGKILL')
    await of.settles()
    await of.join()
  }
  await acknowledged(of, 100)
  await calls.stop()
  await expectCounted(of)
})

it('answers nothing of a space that it has lost while it stood still', async () => {
  const of = await healthy()
  const [frozen, other] = of.nodes as [ClusterNode, ClusterNode]
  for (let freezes = 0; freezes < FREEZES; freezes++) {
    frozen.process.child.kill('SIGSTOP')
    of.nodes.splice(0, 1)
    await of.settles()
    for (const space of of.spaces) await of.order(space, () => other)
    frozen.process.child.kill('SIGCONT')
    // At once: it has not heard of anything yet.
    for (const space of of.spaces) expect(await of.counted(space, frozen)).toBe(space.acknowledged)
    for (const space of of.spaces) await of.order(space, () => frozen)
    of.nodes.unshift(frozen)
    await of.settles()
    await expectCounted(of)
  }
})

it('hands its spaces over when it is told to end, and nobody gets an error', async () => {
  const of = await healthy()
  const calls = load(of)
  for (let deploys = 0; deploys < DEPLOYS; deploys++) {
    await acknowledged(of, 50)
    await of.join()
    await acknowledged(of, 50)
    expect(await of.end(of.nodes[0]!, 'SIGTERM')).toBe(0)
  }
  expect(await calls.stop()).toBe(0)
  await expectCounted(of)
})

it('lets go of its spaces while it is drained, and takes some again', async () => {
  const of = await healthy()
  const first = (await of.seen()).find(({ spaces }) => spaces.length > 0)
  const calls = load(of)
  await of.ask(of.nodes[1]!, 'PATCH', `nodes/${first!.id}`, { drained: true })
  await eventually(async () => {
    const found = (await of.seen()).find(({ id }) => id === first!.id)
    expect(found).toMatchObject({ status: 'Drained', spaces: [] })
  })
  await of.ask(of.nodes[1]!, 'PATCH', `nodes/${first!.id}`, { drained: false })
  await eventually(async () => {
    expect((await of.seen()).find(({ id }) => id === first!.id)?.spaces).not.toEqual([])
  })
  expect(await calls.stop()).toBe(0)
  await expectCounted(of)
})

it('keeps its spaces when the queue has lost all that it had', async () => {
  const of = await healthy()
  const calls = load(of)
  await acknowledged(of, 50)
  const keys = (await of.redis.ask('KEYS', 'rollcall:{nodes}:spaces:*')) as string[]
  expect(keys.length).toBeGreaterThan(0)
  await of.redis.ask('DEL', ...keys)
  await acknowledged(of, 200)
  await of.settles()
  await calls.stop()
  await expectCounted(of)
})

it('opens a space again where it is when its journal has lost entries, as after a failover of Redis', async () => {
  const of = await healthy()
  const [space] = of.spaces as [MadeSpace]
  const ownerOf = async () => (await of.seen()).find(({ spaces }) => spaces.includes(space.id))?.id
  for (let calls = 0; calls < 3; calls++) await of.order(space, () => of.nodes[0]!)
  const owner = await ownerOf()
  const key = `rollcall:{${space.id}}:journal`
  const [[last]] = (await of.redis.ask('XREVRANGE', key, '+', '-', 'COUNT', 1)) as [[string]]
  await of.redis.ask('XDEL', key, last)
  // What was lost had been acknowledged; all else is there.
  space.acknowledged--
  for (let calls = 0; calls < 3; calls++) await of.order(space, () => of.nodes[1]!)
  await expectCounted(of)
  expect(await ownerOf()).toBe(owner)
})

it('tells Prometheus which spaces a node has, and which of them are its own', async () => {
  const of = await healthy()
  const texts = await Promise.all(of.nodes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
  for (const { id } of of.spaces) {
    for (const text of texts) expect(text).toContain(`rollcall_space_served{space="${id}"} 1`)
    expect(texts.filter((text) => text.includes(`rollcall_lease_remaining_seconds{space="${id}"}`))).toHaveLength(1)
  }
  for (const text of texts) {
    expect(text).toContain('rollcall_node_joined 1')
    expect(text).toMatch(/^rollcall_forwarded_requests_total\{purpose="space",outcome="answered"\} \d+$/m)
  }
})

it('takes calls by a write key that was just made, at every node', async () => {
  const of = await healthy()
  const [space] = of.spaces as [MadeSpace]
  for (const [number, node] of of.nodes.entries()) {
    const body = { name: `Source ${number}` }
    const { source } = (await of.ask(
      of.nodes[(number + 1) % NODES]!,
      'POST',
      'spaces/space_0/sources',
      body,
      space.accessToken,
    )) as {
      source: { writeKeys: readonly { key: string }[] }
    }
    expect(await of.order({ ...space, writeKey: source.writeKeys[0]!.key }, () => node)).toBe(0)
    space.acknowledged++
  }
})

it('refuses what nobody was given, whichever node has the space', async () => {
  const of = await healthy()
  for (const { url } of of.nodes)
    for (const [path, method] of [
      ['v1/track', 'POST'],
      ['spaces/space_0/audiences', 'GET'],
      ['v1/spaces/space_0/collections/users/profiles/user_id:u1/traits', 'GET'],
    ] as const) {
      const headers = { authorization: `Basic ${Buffer.from('nobody:').toString('base64')}` }
      const body = method === 'POST' ? { body: JSON.stringify({ userId: 'u1', event: 'Order' }) } : {}
      // While a space is being opened, nobody knows which tokens it has.
      await eventually(async () => {
        expect((await fetch(`${url}/${path}`, { method, headers, ...body })).status).toBe(401)
      })
    }
  const ofOther = await fetch(`${of.nodes[0]!.url}/spaces/space_0/audiences`, {
    headers: { authorization: `Bearer ${of.spaces[1]!.accessToken}` },
  })
  expect(ofOther.status).toBe(404)
})

it('takes calls whose write key is in the body, packed or not, at every node', async () => {
  const of = await healthy()
  for (const { url } of of.nodes)
    for (const space of of.spaces) {
      const call = { userId: 'u1', event: 'Order', writeKey: space.writeKey, messageId: `${url} ${space.id}` }
      const packed = gzipSync(JSON.stringify({ ...call, messageId: `packed ${call.messageId}` }))
      const bodies = [{ body: JSON.stringify(call) }, { body: packed, headers: { 'content-encoding': 'gzip' } }]
      for (const init of bodies) expect((await fetch(`${url}/v1/track`, { method: 'POST', ...init })).status).toBe(200)
      space.acknowledged += 2
    }
  await expectCounted(of)
})

it("takes calls of Segment's SDK at an edge, which the next read at another sees", async () => {
  const of = await healthy()
  const edges = [await of.join({ ROLES: 'edge' }), await of.join({ ROLES: 'edge' })]
  for (const space of of.spaces) {
    const analytics = new Analytics({ writeKey: space.writeKey, host: edges[0]!.url, flushAt: 15, maxRetries: 0 })
    const failures: unknown[] = []
    analytics.on('error', (cause) => failures.push(cause))
    for (let count = 0; count < 100; count++) analytics.track({ userId: 'u1', event: 'Order' })
    await analytics.closeAndFlush()
    space.acknowledged += 100
    expect([failures, await of.counted(space, edges[1])]).toEqual([[], space.acknowledged])
  }
  for (const edge of edges) expect(await of.end(edge, 'SIGTERM')).toBe(0)
})

it('takes no calls from an edge that does not know the secret', async () => {
  const of = await healthy()
  const edge = await of.join({ ROLES: 'edge', CLUSTER_SECRET: SECRET.toUpperCase() })
  const [space] = of.spaces as [MadeSpace]
  const { status } = await fetch(`${edge.url}/v1/track`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${space.writeKey}:`).toString('base64')}` },
    body: JSON.stringify({ userId: 'u1', event: 'Order' }),
  })
  expect(status).toBe(503)
  expect(edge.process.output()).toContain('it does not know the secret')
  await of.end(edge, 'SIGTERM')
  await expectCounted(of)
})

/** Resolves when so many more calls have been acknowledged. */
async function acknowledged(of: Cluster, count: number): Promise<void> {
  const sum = () => of.spaces.reduce((total, space) => total + space.acknowledged, 0)
  const wanted = sum() + count
  await until(() => sum() >= wanted)
}
