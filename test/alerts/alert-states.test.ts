/** From the health of spaces to what is told of them, in virtual time. */
import { describe, expect, it } from 'vitest'
import { AlertStates } from '../../src/alerts/alert-states.ts'
import type { AlertNotice } from '../../src/alerts/alert.ts'
import type { AudienceHealth, RunningHealth, SpaceHealth } from '../../src/alerts/health.ts'
import type { AlertLimits } from '../../src/alerts/rules.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 0, 31, 10)
const LIMITS: AlertLimits = {
  sizePercent: 50,
  sizeCount: 100,
  waitingRequestsMax: 10,
  waitingBytesMax: 1_000,
  checkpointWithinMs: 5 * MINUTE,
  faultForMs: 10 * MINUTE,
}
const WELL: RunningHealth = {
  isJournalReachable: true,
  waitingRequests: 0,
  waitingBytes: 0,
  checkpoint: { waitingSince: undefined, isFailing: false },
  audiences: [],
  destinations: [],
}

/** Looks once a minute. */
class Given {
  readonly #states = new AlertStates(LIMITS)
  #now = START - MINUTE

  /** Looks at one space, and returns what is told: `firing audience_size aud_1`. */
  look(running: Partial<RunningHealth> | undefined, faultAt?: number): string[] {
    const health = { spaceId: 's', faultAt, running: running && { ...WELL, ...running } }
    return this.notices([health]).map(({ state, alert: { name, subject } }) => `${state} ${name} ${subject}`.trim())
  }

  notices(spaces: readonly SpaceHealth[]): AlertNotice[] {
    this.#now += MINUTE
    return this.#states.look(spaces, this.#now)
  }
}

function audience(size: number, sizeBefore: number | undefined): AudienceHealth {
  return { id: 'aud_1', key: 'buyers', size, sizeBefore }
}

function reasonOf(running: Partial<RunningHealth> | undefined, faultAt?: number): unknown {
  const given = new Given()
  const health = { spaceId: 's', faultAt, running: running && { ...WELL, ...running } }
  given.notices([health])
  return given.notices([health])[0]?.alert.details['reason']
}

describe('an alert', () => {
  const unreachable = { isJournalReachable: false }

  it('fires at the second look at which it holds, and is told of once', () => {
    const given = new Given()
    expect(given.look(unreachable)).toEqual([])
    expect(given.look(unreachable)).toEqual(['firing journal_lag'])
    expect(given.look(unreachable)).toEqual([])
    expect(given.look({})).toEqual(['resolved journal_lag'])
    expect(given.look({})).toEqual([])
  })

  it('that holds for one look alone is not told of', () => {
    const given = new Given()
    expect([given.look(unreachable), given.look({}), given.look(unreachable), given.look({})].flat()).toEqual([])
  })

  it('has one id and one beginning, and the same id when it comes again, after a restart too', () => {
    const bad = [{ spaceId: 's', faultAt: undefined, running: { ...WELL, ...unreachable } }]
    const given = new Given()
    given.notices(bad)
    const [began] = given.notices(bad)
    const [ended] = given.notices([{ ...bad[0]!, running: WELL }])
    expect(ended).toMatchObject({ id: began!.id, since: START, at: START + 2 * MINUTE })
    const restarted = new Given()
    restarted.notices(bad)
    expect(restarted.notices(bad)[0]!.id).toBe(began!.id)
  })

  it('is of its space, kind and subject: each of them makes another id', () => {
    const of = (spaceId: string, ...destinations: readonly string[]): SpaceHealth => ({
      spaceId,
      faultAt: undefined,
      running: {
        ...WELL,
        ...unreachable,
        destinations: destinations.map((id) => ({ id, name: 'Hook', isReachable: false })),
      },
    })
    const given = new Given()
    const spaces = [of('a', 'dst_1', 'dst_2'), of('b', 'dst_1')]
    given.notices(spaces)
    expect(new Set(given.notices(spaces).map(({ id }) => id)).size).toBe(5)
  })

  it('of a space that is removed is resolved', () => {
    const given = new Given()
    given.look(unreachable)
    given.look(unreachable)
    expect(given.notices([]).map(({ state }) => state)).toEqual(['resolved'])
  })

  it('of a space that fails stays as it is until more is known', () => {
    const given = new Given()
    given.look(unreachable)
    given.look(unreachable)
    expect(given.look(undefined)).toEqual([])
    expect(given.look(undefined)).toEqual(['firing engine_fault'])
    expect(given.look({})).toEqual(['resolved journal_lag', 'resolved engine_fault'])
  })
})

describe('the size of an audience', () => {
  const told = (size: number, before: number | undefined): string[] => {
    const given = new Given()
    return [
      given.look({ audiences: [audience(size, before)] }),
      given.look({ audiences: [audience(size, before)] }),
    ].flat()
  }

  it.each([
    ['within the count', 100, 0, []],
    ['beyond the count, of none before', 101, 0, ['firing audience_size aud_1']],
    ['within the percentage', 1_500, 1_000, []],
    ['beyond both', 1_501, 1_000, ['firing audience_size aud_1']],
    ['beyond the percentage alone', 20, 10, []],
    ['that falls', 499, 1_000, ['firing audience_size aud_1']],
    ['that an hour ago is not known of', 5_000, undefined, []],
  ])('%s', (_, size, before, expected) => {
    expect(told(size, before)).toEqual(expected)
  })

  it('is the usual one an hour later', () => {
    const given = new Given()
    given.look({ audiences: [audience(2_000, 1_000)] })
    given.look({ audiences: [audience(2_000, 1_000)] })
    expect(given.look({ audiences: [audience(2_000, 2_000)] })).toEqual(['resolved audience_size aud_1'])
  })
})

describe('the other alerts', () => {
  it.each([
    ['requests', { waitingRequests: 11 }],
    ['bytes', { waitingBytes: 1_001 }],
  ])('tell that more %s wait for the journal than may', (_, running) => {
    expect(reasonOf(running)).toBe('waiting')
    expect(reasonOf({ waitingRequests: 10, waitingBytes: 1_000 })).toBeUndefined()
  })

  it('tell of a checkpoint that fails, and of one that is overdue', () => {
    const waitingSince = START - 3 * MINUTE
    expect(reasonOf({ checkpoint: { waitingSince, isFailing: true } })).toBe('failing')
    expect(reasonOf({ checkpoint: { waitingSince, isFailing: false } })).toBeUndefined()
    expect(reasonOf({ checkpoint: { waitingSince: START - 6 * MINUTE, isFailing: false } })).toBe('overdue')
    expect(reasonOf({ checkpoint: undefined })).toBeUndefined()
  })

  it('tell of a destination that cannot be reached', () => {
    const given = new Given()
    const down = { destinations: [{ id: 'dst_1', name: 'Hook', isReachable: false }] }
    given.look(down)
    expect(given.look(down)).toEqual(['firing destination_failing dst_1'])
    expect(given.look({ destinations: [{ id: 'dst_1', name: 'Hook', isReachable: true }] })).toEqual([
      'resolved destination_failing dst_1',
    ])
  })

  it('tell of a fault of the engine for a while, and of a space that has failed', () => {
    const given = new Given()
    given.look({}, START)
    expect(given.look({}, START)).toEqual(['firing engine_fault'])
    for (let minute = 2; minute < 10; minute++) expect(given.look({}, START)).toEqual([])
    expect(given.look({}, START)).toEqual(['resolved engine_fault'])
    expect(reasonOf(undefined)).toBe('failed')
  })
})
