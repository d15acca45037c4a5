/** Pages of kept events, against a list that is sorted whole. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventSearch } from '../../../actors/history/event-search.ts'
import { compareEvents, type ProfileEvent } from '../../../src/model/event.ts'
import type { EventQuery } from '../../../src/model/event-query.ts'
import type { ProfileActor } from '../../../actors/actor/profile-actor.ts'
import { propertyRuns } from '../../support/runs.ts'
import { Space, START } from '../../support/space.ts'

const ALL = { from: -Infinity, to: Infinity, isWanted: () => true, isNewestFirst: true, start: undefined }

/** Pages one after the other, until the last. */
function pagesOf(users: readonly ProfileActor[], query: EventQuery): ProfileEvent[][] {
  const pages: ProfileEvent[][] = []
  let start = query.start
  do {
    const search = new EventSearch({ ...query, start })
    for (const { store, row, ordinal } of users) search.look(store.histories, row, ordinal)
    const page = search.page()
    pages.push(page.events.map(({ event }) => event))
    start = page.next
    // A page that begins where it ended would come again and again.
  } while (start && pages.length < 200)
  return pages
}

const call = fc.record({
  userId: fc.constantFrom('u1', 'u2'),
  event: fc.constantFrom('A', 'B'),
  at: fc.integer({ min: 0, max: 4 }),
})

describe('pages of events', () => {
  it('walk through all that are wanted, once, in order, whatever their times and messageIds have in common', () => {
    const order = fc.record({ isNewestFirst: fc.boolean(), limit: fc.integer({ min: 1, max: 4 }) })
    const window = fc.record({ from: fc.integer({ min: -1, max: 3 }), to: fc.integer({ min: 1, max: 5 }) })
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 20 }),
        order,
        window,
        fc.boolean(),
        (calls, wanted, { from, to }, isA) => {
          const space = new Space()
          for (const { userId, event, at } of calls) space.call({ type: 'track', userId, event, ...timeOf(at) }, 10)
          const users = ['u1', 'u2'].flatMap((id) => space.shard.profile('user_id', id) ?? [])
          const isWanted = (name: string) => !isA || name === 'A'
          const query = { ...ALL, ...wanted, from: START + from, to: START + to, isWanted }
          const expected = users
            .flatMap((user) => user.keptEvents())
            .filter(({ name, ts }) => ts >= query.from && ts <= query.to && isWanted(name))
            .sort(compareEvents)
          if (wanted.isNewestFirst) expected.reverse()
          const pages = pagesOf(users, query)
          expect(pages.flat().map(({ arrival }) => arrival)).toEqual(expected.map(({ arrival }) => arrival))
          for (const page of pages.slice(0, -1)) expect(page).toHaveLength(wanted.limit)
        },
      ),
      propertyRuns(300),
    )
  })

  it('begin at the first event of its instant if the one of the cursor is gone', () => {
    const space = new Space()
    for (const at of [1, 2, 3]) space.track('u1', `E${at}`, {}, at)
    const user = space.shard.profile('user_id', 'u1')!
    const start = { ts: START + 2, messageId: 'gone', rank: 0 }
    const [page] = pagesOf([user], { ...ALL, limit: 5, start })
    expect(page!.map(({ name }) => name)).toEqual(['E2', 'E1'])
  })
})

function timeOf(at: number): { timestamp: string } {
  return { timestamp: new Date(START + at).toISOString() }
}
