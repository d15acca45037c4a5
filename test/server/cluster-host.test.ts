/** Spaces of a node as they are opened and closed, in memory; the governor is as far as it is asked. */
import { pino } from 'pino'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SpaceGovernor } from '../../src/cluster/space-governor.ts'
import { digestOf } from '../../src/http/access.ts'
import { ClusterHost } from '../../src/server/cluster-host.ts'
import { OpenRequests } from '../../src/server/open-requests.ts'
import { partsOf } from '../../src/server/server.ts'
import type { Stores } from '../../src/server/space-server.ts'
import type { Spaces } from '../../src/server/spaces.ts'
import { until } from '../support/eventually.ts'
import { memoryDelivery } from '../support/memory-delivery.ts'
import { MemoryInstallation } from '../support/memory-installation.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { CONFIG, VirtualTime } from '../support/server.ts'

const ID = CONFIG.spaceId

let time: VirtualTime
let installation: MemoryInstallation
let spaces: Spaces
let requests: OpenRequests
let host: ClusterHost
let removed: string[]
let closed: number
/** Opens the stores of the first space, unless the test does. */
let openStores: () => Promise<Stores>

function stores(): Stores {
  const journal = new MemoryJournal()
  const close = (): Promise<void> => {
    closed++
    return Promise.resolve()
  }
  return { journal, delivery: memoryDelivery(ID), epoch: 7, close } as Stores
}

beforeEach(() => {
  time = new VirtualTime(1_000)
  ;[requests, removed, closed] = [new OpenRequests(), [], 0]
  openStores = () => Promise.resolve(stores())
  installation = new MemoryInstallation(ID, () => openStores())
  const { clock, timer } = time
  const ofSpaces = { log: pino({ level: 'silent' }), installation, onLost: () => undefined, isNode: true }
  spaces = partsOf(CONFIG, { clock, timer }, ofSpaces).spaces
  const { directory } = installation
  host = new ClusterHost({ firstId: ID, writeKey: 'write-key', spaces, directory, requests, now: clock, timer })
  const governor: Pick<SpaceGovernor, 'removed'> = {
    removed: (id) => {
      removed.push(id)
      return Promise.resolve()
    },
  }
  host.governor = governor as SpaceGovernor
})

afterEach(() => spaces.stop())

describe('a space', () => {
  it('is described while it is open', async () => {
    expect(host.describe(ID)).toBeUndefined()
    await host.open(ID)
    expect(host.describe(ID)).toMatchObject({ epoch: 7, load: { callsPerSecond: 0, profiles: 0 } })
    expect(host.describe(ID)!.writeKeys).toContain(digestOf('write-key'))
    await host.close(ID, true)
    expect([host.describe(ID), closed]).toEqual([undefined, 1])
  })

  it('is opened as it was recorded last, and removed if it was not, or was to end', async () => {
    const record = { id: 'other', name: 'Other', createdAt: 0 }
    await installation.directory.put(record)
    expect(await host.listIds()).toEqual([ID, 'other'])
    await installation.directory.put({ ...record, isEnding: true })
    await host.open('other')
    expect([removed, installation.removed, spaces.has('other')]).toEqual([['other'], ['other'], false])
    await host.open('nobody')
    expect(removed).toEqual(['other', 'nobody'])
  })

  it('waits for the requests under way when it is closed in order, for a while', async () => {
    await host.open(ID)
    const end = requests.count(ID)
    let isClosed = false
    const closing = host.close(ID, true).then(() => (isClosed = true))
    await until(() => time.timers.size > 0 && spaces.has(ID))
    await turn()
    expect(isClosed).toBe(false)
    end()
    await closing
    expect(spaces.has(ID)).toBe(false)
  })

  it('waits for none when it is cut', async () => {
    await host.open(ID)
    requests.count(ID)
    await host.close(ID, false)
    expect(spaces.has(ID)).toBe(false)
  })

  it('is closed though what its readers follow cannot be ended', async () => {
    await host.open(ID)
    const { server } = spaces.open(ID)!
    server.dismiss = () => Promise.reject(new Error('no file'))
    await expect(host.close(ID, true)).rejects.toThrow('no file')
    expect([spaces.has(ID), closed]).toEqual([false, 1])
  })

  it('that is cut while it is being opened is closed once it is open', async () => {
    let goOn: () => void = () => undefined
    openStores = async () => {
      await new Promise<void>((resolve) => (goOn = resolve))
      return stores()
    }
    const opening = host.open(ID)
    await turn()
    const closing = host.close(ID, false)
    await turn()
    expect(spaces.has(ID)).toBe(false)
    goOn()
    await Promise.all([opening, closing])
    expect([spaces.open(ID), closed]).toEqual([undefined, 1])
  })
})
