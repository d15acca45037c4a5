/** Spaces of a node as they are opened and closed, in memory; the governor is as far as it is asked. */
import { pino } from 'pino'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RouteTable } from '../../src/cluster/route-table.ts'
import type { SpaceGovernor } from '../../src/cluster/space-governor.ts'
import { digestOf } from '../../src/http/access.ts'
import { ClusterHost, type ClusterHostOptions } from '../../src/server/cluster-host.ts'
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
let owners: RouteTable
/** The spaces that came and went, as they were counted. */
let counted: string[]
let followed: readonly string[]
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
  counted = []
  followed = []
  const standbys: ClusterHostOptions['standbys'] = {
    follow: (ids) => (followed = ids),
    readyIds: ['ready'],
    take: () => undefined,
  }
  owners = new RouteTable()
  host = new ClusterHost({
    nodeId: 'node_1',
    firstId: ID,
    writeKey: 'write-key',
    spaces,
    standbys,
    directory,
    requests,
    now: clock,
    timer,
    metrics: {
      countOpened: (after, ms) => counted.push(`opened ${after} ${ms}`),
      countClosed: (as) => counted.push(`closed ${as}`),
    },
  })
  const governor: Pick<SpaceGovernor, 'removed' | 'routes'> = {
    routes: owners,
    removed: (id) => {
      removed.push(id)
      return Promise.resolve()
    },
  }
  host.governor = governor as SpaceGovernor
})

afterEach(() => spaces.stop())

it('follows what it is told to, and says what is ready', () => {
  host.follow(['a', 'b'])
  expect([followed, host.standbyIds]).toEqual([['a', 'b'], ['ready']])
})

describe('a space', () => {
  it('is described while it is open', async () => {
    expect(host.describe(ID)).toBeUndefined()
    await host.open(ID)
    expect(host.describe(ID)).toMatchObject({ epoch: 7, load: { callsPerSecond: 0, profiles: 0 } })
    expect(host.describe(ID)!.writeKeys).toContain(digestOf('write-key'))
    await host.close(ID, 'stored')
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
    const closing = host.close(ID, 'stored').then(() => (isClosed = true))
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
    await host.close(ID, 'dropped')
    expect(spaces.has(ID)).toBe(false)
  })

  it('is closed though what its readers follow cannot be ended', async () => {
    await host.open(ID)
    const { server } = spaces.open(ID)!
    server.dismiss = () => Promise.reject(new Error('no file'))
    await expect(host.close(ID, 'stored')).rejects.toThrow('no file')
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
    const closing = host.close(ID, 'dropped')
    await turn()
    expect(spaces.has(ID)).toBe(false)
    goOn()
    await Promise.all([opening, closing])
    expect([spaces.open(ID), closed]).toEqual([undefined, 1])
  })
})

describe('spaces that come and go', () => {
  const record = { nodeId: 'node_2', url: 'http://node_2', writeKeys: [], tokens: [] }

  it('are counted by what became of their last owner', async () => {
    for (const owner of [undefined, { ...record, nodeId: '' }, record, { ...record, nodeId: 'node_1' }]) {
      if (owner) owners.update(new Map([[ID, owner]]))
      await host.open(ID)
      await host.close(ID, 'stored')
    }
    expect(counted.filter((count) => count.startsWith('opened'))).toEqual([
      'opened new 0',
      'opened handed_over 0',
      'opened taken_over 0',
      'opened own 0',
    ])
  })

  it('are counted with the time that opening them takes, by what was known when it began', async () => {
    owners.update(new Map([[ID, record]]))
    openStores = () => {
      owners.update(new Map([[ID, { ...record, nodeId: '' }]]))
      time.moveTo(time.now + 1_500)
      return Promise.resolve(stores())
    }
    await host.open(ID)
    expect(counted).toEqual(['opened taken_over 1500'])
  })

  it('are counted once when they go, in order or not, and only if they were there', async () => {
    await host.open(ID)
    await host.close(ID, 'stored')
    await host.open(ID)
    await host.close(ID, 'dropped')
    await host.close(ID, 'dropped')
    expect(counted.filter((count) => count.startsWith('closed'))).toEqual(['closed handed_over', 'closed lost'])
  })

  it('are not counted if they could not be opened, or are none', async () => {
    openStores = () => Promise.reject(new Error('no journal'))
    await host.open(ID).catch(() => undefined)
    await host.open('nobody')
    await host.close('nobody', 'stored')
    expect(counted.filter((count) => !count.startsWith('closed'))).toEqual([])
  })
})
