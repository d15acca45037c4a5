/** Entries and exits of the last hour, in all audiences. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { AudienceAnswer, SizeStep, Transition } from '../../api/answers.ts'
import { useFeed } from '../../api/feed.ts'
import { useSpaceId } from '../../api/session.ts'
import { Turns } from '../../api/turns.ts'
import { useNow } from '../../frame/pulse.tsx'
import { clockMs, count, nameOfProfile } from '../../parts/format.ts'
import { Tally, type Stroke } from '../../parts/tally.tsx'
import { ProfileLink } from '../../parts/profile-link.tsx'
import { strokesOf } from '../../parts/strokes.ts'
import { sizesOf } from './queries.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const FRESH_MS = 400
/** So many audiences are asked for their minutes: those that moved most. */
const AUDIENCES_MAX = 60
const AT_A_TIME = new Turns(4)
const SHOWN = 3
const QUARTERS = [60, 45, 30, 15]
const MINUTES = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

export function LastHour({ audiences }: { readonly audiences: readonly AudienceAnswer[] }) {
  const spaceId = useSpaceId()
  const { transitions } = useFeed(spaceId)
  const now = useNow()
  const { data, dataUpdatedAt } = useMinutes(audiences)
  const since = transitions.filter(({ at }) => Date.parse(at) > dataUpdatedAt)
  const strokes = [...strokesOfMinutes(data ?? []), ...strokesOf(since)].filter(({ at }) => at > now - HOUR_MS)
  const entered = strokes.reduce((sum, stroke) => sum + stroke.entered, 0)
  const left = strokes.reduce((sum, stroke) => sum + stroke.left, 0)
  const byTime = (data ?? []).reduce((sum, step) => sum + (isWithin(step, now) ? step.byTime : 0), 0)
  return (
    <section className="card moving" aria-labelledby="last-hour">
      <div>
        <h2 id="last-hour">The last hour</h2>
        <div className="fig">
          <span>
            <b className="up">{count(entered)}</b>entered
          </span>
          <span>
            <b className="down">{count(left)}</b>left
          </span>
        </div>
        <p className="dim last-hour-note">
          {byTime === 0 ? 'none by time alone' : `${count(byTime)} of them by time alone`}
        </p>
      </div>
      <div>
        <Tally
          strokes={strokes}
          from={now - HOUR_MS}
          to={now}
          width={620}
          height={72}
          freshFrom={now - FRESH_MS}
          label={`Entries and exits in the last hour: ${count(entered)} entered, ${count(left)} left`}
        />
        <div className="axis" aria-hidden="true">
          {QUARTERS.map((minutes) => (
            <span key={minutes}>{MINUTES.format(now - minutes * MINUTE_MS)}</span>
          ))}
          <span>now</span>
        </div>
      </div>
      <LastOnes audiences={audiences} transitions={transitions} />
    </section>
  )
}

interface LastOnesProps {
  readonly audiences: readonly AudienceAnswer[]
  readonly transitions: readonly (Transition & { readonly number: number })[]
}

function LastOnes({ audiences, transitions }: LastOnesProps) {
  const last = transitions.filter(({ type }) => type !== 'trait').slice(-SHOWN)
  return (
    <div>
      <ul className="feed">
        {last.reverse().map(({ number, at, type, profile, segmentId, key, audienceId }) => (
          <li key={number}>
            <time dateTime={at}>{clockMs(at)}</time>
            <span className={`sg ${type === 'entered' ? 'up' : 'down'}`} aria-hidden="true">
              {type === 'entered' ? '+' : '−'}
            </span>
            <span className="trunc">
              {segmentId === undefined ? (
                <b>{nameOfProfile(profile)}</b>
              ) : (
                <ProfileLink id={segmentId} className="last-one">
                  {nameOfProfile(profile)}
                </ProfileLink>
              )}{' '}
              <span className="mut">{type === 'entered' ? 'entered' : 'left'}</span>{' '}
              {audiences.find(({ id }) => id === audienceId)?.name ?? key}
            </span>
          </li>
        ))}
      </ul>
      {last.length === 0 && <p className="dim last-hour-wait">Whoever enters or leaves next is shown here.</p>}
      <Link className="link" to="/live">
        Watch live
      </Link>
    </div>
  )
}

/** Asks the audiences that moved for their minutes of the last hour. */
function useMinutes(audiences: readonly AudienceAnswer[]) {
  const spaceId = useSpaceId()
  const moved = useMemo(() => idsOfMoved(audiences), [audiences])
  return useQuery({
    queryKey: ['the last hour', spaceId, moved],
    queryFn: async ({ signal }) =>
      (
        await Promise.all(moved.map((id) => AT_A_TIME.take(() => sizesOf({ spaceId, id, step: 'minute', signal }))))
      ).flat(),
    refetchInterval: MINUTE_MS,
    placeholderData: (before) => before,
    structuralSharing: false,
  })
}

/** Lists those that moved most, in the order of their ids. */
function idsOfMoved(audiences: readonly AudienceAnswer[]): readonly string[] {
  const moves = ({ entered24h = 0, left24h = 0 }: AudienceAnswer): number => entered24h + left24h
  return audiences
    .filter((audience) => moves(audience) > 0)
    .sort((one, other) => moves(other) - moves(one))
    .slice(0, AUDIENCES_MAX)
    .map(({ id }) => id)
    .sort()
}

/** Strokes of the minutes' ends, one of each minute for all audiences. */
function strokesOfMinutes(steps: readonly SizeStep[]): Stroke[] {
  const byMinute = new Map<number, { at: number; entered: number; left: number }>()
  for (const { at, entered, left } of steps) {
    const minute = Date.parse(at)
    const stroke = byMinute.get(minute)
    if (!stroke) byMinute.set(minute, { at: minute, entered, left })
    else {
      stroke.entered += entered
      stroke.left += left
    }
  }
  return [...byMinute.values()]
}

function isWithin({ at }: SizeStep, now: number): boolean {
  return Date.parse(at) > now - HOUR_MS
}
