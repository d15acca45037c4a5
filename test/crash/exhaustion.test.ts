/** The server runs out of memory, or of files: what was acknowledged is there when it is started again, or goes on. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { until } from '../support/eventually.ts'
import { Rig } from './harness/rig.ts'
import { IS_FULL, say, within } from './harness/runs.ts'

const HEAP_MIB = 40
const BATCH_CALLS = 60
/** Enough for its modules, which are read at once at the start. */
const FILES_MAX = 256
const SOCKETS = 400

it.runIf(IS_FULL)('has all that it acknowledged after its heap was full', async () => {
  const rig = await Rig.begin('heap full', { redis: 'own', launch: { heapMax: HEAP_MIB } })
  const load = rig.load()
  await load.acknowledged(50)
  let acknowledged = 0
  for (let batch = 0; rig.server.child.exitCode === null && rig.server.child.signalCode === null; batch++) {
    const calls = Array.from({ length: BATCH_CALLS }, (_, index) => {
      const traits = Object.fromEntries(Array.from({ length: 400 }, (__, n) => [`t${n}`, `${batch} ${index} ${n}`]))
      return { type: 'identify', userId: `large-${batch * BATCH_CALLS + index}`, traits }
    })
    const taken = await rig.ingest('batch', { batch: calls }).catch(() => undefined)
    if (taken?.status !== 200) continue
    expect(acknowledged).toBe(batch * BATCH_CALLS)
    acknowledged += BATCH_CALLS
  }
  await rig.start()
  say(rig.story, `${acknowledged} large profiles were acknowledged before the heap of ${HEAP_MIB} MiB was full`)
  expect(acknowledged).toBeGreaterThan(0)
  for (let user = 0; user < acknowledged; user++) expect((await rig.traits(`user_id:large-${user}`)).status).toBe(200)
  await rig.verify(load)
})

it('outlives that it may open no more files', async () => {
  const rig = await Rig.begin('files used up', { redis: 'own', launch: { filesMax: FILES_MAX } })
  const load = rig.load()
  await load.acknowledged(50)
  const sockets: Socket[] = []
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
  const { hostname, port } = new URL(rig.url)
  for (let number = 0; number < SOCKETS; number++) {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    sockets.push(socket)
    await once(socket, 'connect')
  }
  await until(() => sockets.some((socket) => socket.destroyed), { timeout: within(20_000) })
  for (const socket of sockets) socket.destroy()
  await rig.heals(5_000)
  expect(rig.server.child.exitCode).toBe(null)
  await rig.verify(load)
})
