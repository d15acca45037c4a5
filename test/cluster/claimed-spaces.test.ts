/** Spaces between claim and release: whatever is begun with one meanwhile, it is opened, served and closed in order. */
import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { ClaimedSpaces } from '../../src/cluster/claimed-spaces.ts'
import { VirtualTime } from '../support/server.ts'

const LEASE_MS = 1_000
/** A space that could not be opened is given up after so long. */
const GIVEN_UP_AFTER_MS = 2_000

interface Step {
  readonly resolve: () => void
  readonly reject: (cause: Error) => void
}

const STEP_OF = { stored: 'close', 'handed over': 'hand over', dropped: 'cut' }
let time: VirtualTime
let spaces: ClaimedSpaces
/** All that was asked of the host, the queue and the directory, in order. */
let asked: string[]
let troubles: unknown[]
let changes: number
let signals: number
/** By step: those that wait for the test. */
let held: Map<string, Step>
let holds: Set<string>
let open: Set<string>

/** Notes a step, and lets it go on at once unless the test holds it. */
async function step(name: string): Promise<void> {
  asked.push(name)
  if (holds.has(name)) await new Promise<void>((resolve, reject) => held.set(name, { resolve, reject }))
}

beforeEach(() => {
  time = new VirtualTime(10_000)
  ;[asked, troubles, changes, signals] = [[], [], 0, 0]
  held = new Map()
  ;[holds, open] = [new Set(), new Set()]
  spaces = new ClaimedSpaces({
    host: {
      open: async (id) => {
        await step(`open ${id}`)
        open.add(id)
      },
      prepare: (id) => step(`prepare ${id}`),
      close: async (id, ending) => {
        open.delete(id)
        await step(`${STEP_OF[ending]} ${id}`)
      },
      describe: (id) =>
        open.has(id) ? { epoch: 1, load: { callsPerSecond: 0, profiles: 0 }, writeKeys: [], tokens: [] } : undefined,
    },
    ownership: { leaseMs: LEASE_MS, release: (id) => step(`release ${id}`) },
    announce: (id) => step(`announce ${id}`),
    retire: (id) => step(`retire ${id}`),
    signal: () => {
      signals++
      return Promise.resolve()
    },
    now: time.clock,
    timer: time.timer,
    onTrouble: (cause) => troubles.push(cause),
    onFailed: (id) => asked.push(`failed ${id}`),
    onChange: () => changes++,
  })
})

async function take(askedAt = time.now): Promise<void> {
  spaces.take({ spaceId: 'a', askedAt })
  await turn()
}

async function letGoOn(name: string): Promise<void> {
  held.get(name)!.resolve()
  await turn()
}

function hold(...names: string[]): void {
  for (const name of names) holds.add(name)
}

describe('a space that was claimed', () => {
  it('serves once it is open, while its lease lasts', async () => {
    hold('open a')
    await take()
    expect([spaces.serves('a'), spaces.announcedIds, spaces.stayingIds]).toEqual([false, [], ['a']])
    await letGoOn('open a')
    expect([spaces.serves('a'), spaces.announcedIds, spaces.stayingIds]).toEqual([true, ['a'], ['a']])
    expect(asked).toEqual(['open a', 'announce a'])
    expect(changes).toBe(1)
    time.moveTo(time.now + LEASE_MS)
    expect(spaces.serves('a')).toBe(false)
    spaces.renewed(['a'], { askedAt: time.now, lost: [] })
    expect(spaces.serves('a')).toBe(true)
  })

  it('is not opened if its claim is over already', async () => {
    await take(time.now - LEASE_MS)
    expect(asked).toEqual([])
    expect(troubles).toHaveLength(1)
    time.moveTo(time.now + GIVEN_UP_AFTER_MS)
    await turn()
    expect(asked).toEqual(['cut a', 'release a'])
    expect(spaces.size).toBe(0)
  })

  it('serves though it could not be announced', async () => {
    hold('announce a')
    await take()
    held.get('announce a')!.reject(new Error('away'))
    await turn()
    expect(spaces.serves('a')).toBe(true)
    expect([troubles.length, changes]).toEqual([1, 1])
  })

  it('is let go of a while after it could not be opened', async () => {
    hold('open a')
    await take()
    held.get('open a')!.reject(new Error('damaged'))
    await turn()
    time.moveTo(time.now + GIVEN_UP_AFTER_MS - 1)
    await turn()
    expect([asked, spaces.ids]).toEqual([['open a', 'failed a'], ['a']])
    time.moveTo(time.now + 1)
    await turn()
    expect([asked, spaces.ids]).toEqual([['open a', 'failed a', 'cut a', 'release a'], []])
    expect(signals).toBe(1)
  })

  it('goes on at once when its lock comes back', async () => {
    await take()
    spaces.renewed(['a'], { askedAt: time.now, lost: ['a'] })
    expect([spaces.serves('a'), spaces.parkedIds, spaces.announcedIds]).toEqual([false, ['a'], []])
    expect(spaces.has('a')).toBe(true)
    await take()
    expect([spaces.serves('a'), spaces.parkedIds]).toEqual([true, []])
    expect(asked).toEqual(['open a', 'announce a'])
  })
})

describe('a space that is let go', () => {
  it('serves while it is stored, and is released when it is closed', async () => {
    hold('prepare a', 'close a')
    await take()
    spaces.letGo('a')
    await turn()
    expect([spaces.serves('a'), spaces.stayingIds, spaces.isAnyLeaving]).toEqual([true, [], true])
    await letGoOn('prepare a')
    expect([spaces.serves('a'), spaces.isAnyLeaving]).toEqual([false, true])
    expect(asked.at(-1)).toBe('close a')
    await letGoOn('close a')
    expect(asked.slice(2)).toEqual(['prepare a', 'close a', 'retire a', 'release a'])
    expect([spaces.size, spaces.isAnyLeaving]).toEqual([0, false])
  })

  it('is let go once, however often that is asked for', async () => {
    hold('prepare a')
    await take()
    spaces.letGo('a')
    spaces.letGo('a')
    await turn()
    await letGoOn('prepare a')
    spaces.letGo('a')
    await turn()
    expect(asked.filter((name) => name === 'release a')).toHaveLength(1)
  })

  it.each(['prepare a', 'close a', 'retire a'])('is released though this fails: %s', async (failing) => {
    hold(failing)
    await take()
    spaces.letGo('a')
    await turn()
    held.get(failing)!.reject(new Error('away'))
    await turn()
    expect(asked.at(-1)).toBe('release a')
    expect([spaces.size, troubles.length]).toEqual([0, 1])
  })

  it('is forgotten though nobody knows if it was released', async () => {
    hold('release a')
    await take()
    spaces.letGo('a')
    await turn()
    held.get('release a')!.reject(new Error('away'))
    await turn()
    expect([spaces.size, troubles.length]).toEqual([0, 1])
  })

  it('is opened first if that has begun, and neither announced nor stored', async () => {
    hold('open a')
    await take()
    spaces.letGo('a')
    await turn()
    expect(asked).toEqual(['open a'])
    await letGoOn('open a')
    expect(asked).toEqual(['open a', 'close a', 'retire a', 'release a'])
    expect(spaces.size).toBe(0)
  })

  it('is released once if it could not be opened either', async () => {
    hold('open a')
    await take()
    held.get('open a')!.reject(new Error('damaged'))
    await turn()
    spaces.letGo('a')
    time.moveTo(time.now + GIVEN_UP_AFTER_MS)
    await turn()
    expect(asked).toEqual(['open a', 'failed a', 'close a', 'release a'])
    expect(spaces.size).toBe(0)
  })

  it('is released again if it was claimed again before that was known', async () => {
    hold('release a')
    await take()
    spaces.letGo('a')
    await turn()
    await take()
    expect(asked.at(-1)).toBe('release a')
    holds.clear()
    await letGoOn('release a')
    expect(asked.slice(-2)).toEqual(['release a', 'release a'])
    expect(spaces.size).toBe(0)
  })

  it('is released once if it was claimed again before it was closed', async () => {
    hold('close a')
    await take()
    spaces.letGo('a')
    await turn()
    await take()
    expect(spaces.serves('a')).toBe(false)
    await letGoOn('close a')
    expect(asked.slice(-3)).toEqual(['close a', 'retire a', 'release a'])
    expect(spaces.size).toBe(0)
  })
})

describe('a space that somebody else has', () => {
  it('is cut, and neither stored, retired nor released', async () => {
    await take()
    spaces.drop('a')
    expect(spaces.serves('a')).toBe(false)
    await turn()
    expect(new Set(asked.slice(2))).toEqual(new Set(['cut a']))
    expect(spaces.size).toBe(0)
  })

  it('is cut at once while it is being stored, and what that was for ends', async () => {
    hold('prepare a')
    await take()
    spaces.letGo('a')
    await turn()
    spaces.drop('a')
    await turn()
    expect([asked.at(-1), spaces.serves('a'), spaces.ids]).toEqual(['cut a', false, ['a']])
    await letGoOn('prepare a')
    expect(asked.filter((name) => /close|retire|release/.test(name))).toEqual([])
    expect(spaces.size).toBe(0)
  })

  it('is not released after it was closed in order', async () => {
    hold('close a')
    await take()
    spaces.letGo('a')
    await turn()
    spaces.drop('a')
    await letGoOn('close a')
    expect(asked.filter((name) => /retire|release/.test(name))).toEqual([])
    expect(spaces.size).toBe(0)
  })

  it('is cut again once it has been opened all the same, and is not announced', async () => {
    hold('open a')
    await take()
    spaces.drop('a')
    await turn()
    expect([asked, spaces.ids]).toEqual([['open a', 'cut a'], ['a']])
    await letGoOn('open a')
    expect(asked).toEqual(['open a', 'cut a', 'cut a'])
    expect([open.size, spaces.size]).toEqual([0, 0])
  })

  it('is not opened again here until it is closed: a claim that comes meanwhile is given back', async () => {
    hold('cut a')
    await take()
    spaces.drop('a')
    await turn()
    await take()
    expect(asked.slice(2)).toEqual(['cut a'])
    holds.clear()
    await letGoOn('cut a')
    expect(asked.slice(2)).toEqual(['cut a', 'cut a', 'release a'])
    expect(spaces.size).toBe(0)
    await take()
    expect(spaces.serves('a')).toBe(true)
  })

  it('does not come back by a renewal', async () => {
    hold('cut a')
    await take()
    spaces.drop('a')
    spaces.renewed(['a'], { askedAt: time.now, lost: ['a'] })
    expect(spaces.parkedIds).toEqual([])
    spaces.renewed(['a'], { askedAt: time.now, lost: [] })
    expect(spaces.serves('a')).toBe(false)
  })
})

describe('a space whose journal was taken', () => {
  it('is opened again, and serves nothing meanwhile', async () => {
    await take()
    hold('open a')
    spaces.reopen('a')
    expect(spaces.serves('a')).toBe(false)
    await turn()
    await letGoOn('open a')
    expect(asked.slice(2)).toEqual(['cut a', 'open a', 'announce a'])
    expect(spaces.serves('a')).toBe(true)
  })

  it('is opened again once, however often that is asked for', async () => {
    await take()
    spaces.reopen('a')
    spaces.reopen('a')
    await turn()
    expect(asked.slice(2)).toEqual(['cut a', 'open a', 'announce a'])
  })

  it('is not opened again if it is to go before it is closed', async () => {
    await take()
    hold('cut a')
    spaces.reopen('a')
    spaces.letGo('a')
    await letGoOn('cut a')
    expect(asked.slice(2)).toEqual(['cut a', 'close a', 'release a'])
  })

  it('stays as it is while it is leaving', async () => {
    hold('prepare a')
    await take()
    spaces.letGo('a')
    await turn()
    spaces.reopen('a')
    await turn()
    expect(asked.slice(2)).toEqual(['prepare a'])
  })
})

it('forgets a space that was removed, and another of its id goes on', async () => {
  hold('prepare a')
  await take()
  spaces.letGo('a')
  await turn()
  spaces.forget('a')
  expect(spaces.size).toBe(0)
  await take()
  await letGoOn('prepare a')
  expect(spaces.ids).toEqual(['a'])
})

describe('all of them', () => {
  it('are let go, those that come meanwhile too', async () => {
    hold('prepare a', 'open b')
    await take()
    let isOver = false
    const over = spaces.letAllGo(() => false).then(() => (isOver = true))
    spaces.take({ spaceId: 'b', askedAt: time.now })
    await turn()
    await letGoOn('prepare a')
    expect(isOver).toBe(false)
    await letGoOn('open b')
    await over
    expect(asked.filter((name) => name.startsWith('release'))).toEqual(['release a', 'release b'])
  })

  it('are gone when one could not be opened', async () => {
    hold('open a')
    await take()
    const over = spaces.letAllGo(() => false)
    await turn()
    held.get('open a')!.reject(new Error('damaged'))
    await over
    expect([spaces.size, time.timers.size]).toEqual([0, 0])
  })
})
