/** Kept events of a profile, as Segment shows them: a page call is a track call named `Page Viewed`. */
import type { EventPage, EventPlace, EventQuery, FoundEvent } from '../model/event-query.ts'
import { formatInstant } from '../model/time.ts'
import { cursorOf, type NextAddress } from './cursor.ts'
import { shownPlainId, shownMessageId } from './external-ids.ts'
import { type Parameters, readInstant, readLimit, readNames, readText, refused } from './parameters.ts'
import type { ShownProfile } from './profile-source.ts'

const LIMITS = { usual: 10, max: 100 }
/** Events of so long are shown unless others are asked for. */
const LOOKBACK_MS = 14 * 86_400_000
const NANOSECONDS = 1_000_000n

/** @param now epoch ms */
export function readEventQuery(parameters: Parameters, now: number): EventQuery {
  const [include, exclude] = [readNames(parameters, 'include'), readNames(parameters, 'exclude')]
  return {
    from: readInstant(parameters, 'start') ?? now - LOOKBACK_MS,
    to: readInstant(parameters, 'end') ?? Infinity,
    isWanted: (name) => (include?.has(name) ?? true) && !exclude?.has(name),
    isNewestFirst: isNewestFirst(readText(parameters, 'sort')),
    limit: readLimit(parameters, LIMITS),
    start: readPlace(readText(parameters, 'next')),
  }
}

function isNewestFirst(sort: string | undefined): boolean {
  if (sort === undefined || sort === 'desc') return true
  if (sort === 'asc') return false
  throw refused('sort', 'expected asc or desc')
}

export interface EventsPageOptions<Profile> {
  readonly limit: number
  readonly address: NextAddress
  readonly segmentIdOf: (profile: Profile) => string
}

export function eventsPage<Profile extends ShownProfile>(
  { events, next }: EventPage<Profile>,
  { limit, address, segmentIdOf }: EventsPageOptions<Profile>,
): string {
  return JSON.stringify({
    data: events.map((found) => shownEvent(found, segmentIdOf(found.user))),
    cursor: cursorOf(next && formatPlace(next), limit, address),
  })
}

function shownEvent({ event, user }: FoundEvent<ShownProfile>, segmentId: string): object {
  const { ids } = user
  return {
    external_ids: (event.ids ?? []).flatMap((number) => (ids[number] ? [shownPlainId(ids[number], 'users')] : [])),
    context: event.context,
    type: 'track',
    message_id: shownMessageId(event),
    source_id: event.sourceId,
    timestamp: formatInstant(event.ts),
    properties: event.properties,
    event: event.name,
    related: { users: segmentId },
  }
}

/**
 * Returns the base64 of `<unix nanoseconds>::<message_id>`. Below the millisecond stands the number of the event among
 * those that are alike.
 */
function formatPlace({ ts, messageId, rank }: EventPlace): string {
  return Buffer.from(`${BigInt(ts) * NANOSECONDS + BigInt(rank)}::${messageId}`).toString('base64')
}

function readPlace(next: string | undefined): EventPlace | undefined {
  if (next === undefined) return undefined
  const match = /^(-?\d{1,22})::(.*)$/s.exec(Buffer.from(next, 'base64').toString())
  if (!match) throw refused('next', 'expected the cursor of the page before')
  const nanoseconds = BigInt(match[1]!)
  const rank = ((nanoseconds % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
  return { ts: Number((nanoseconds - rank) / NANOSECONDS), messageId: match[2]!, rank: Number(rank) }
}
