/** The audiences of a profile over time, and of the one that is chosen, why it is in or out. */
import { useState } from 'react'
import type { AudienceAnswer } from '../../api/answers.ts'
import { useNow } from '../../frame/pulse.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { LanesCard, type NamedLane, type SpanId, SPANS } from './lanes-card.tsx'
import { lanesOf } from './lanes.ts'
import {
  type Shown,
  useAudiences,
  useAudiencesById,
  useExplanations,
  useHistory,
  useRecentEvents,
  useTraits,
} from './profile-queries.ts'
import { WhyCard } from './why-card.tsx'

const NOW_EVERY_MS = 10_000
/** So many lanes are shown at first, and explained. */
const LANES_MAX = 12

interface ReasonsProps {
  readonly shown: Shown
  /** The name of the person or the account. */
  readonly name: string
}

export function Reasons({ shown, name }: ReasonsProps) {
  const now = useNow(NOW_EVERY_MS)
  const [spanId, setSpan] = useState<SpanId>('week')
  const [isAll, showAll] = useState(false)
  const [chosen, choose] = useState<string>()
  const span = { from: now - SPANS[spanId].ms, now }
  const { data: traits, error, refetch } = useTraits(shown)
  const { data: past } = useHistory(shown)
  const { data: events } = useRecentEvents(shown)
  const lanes = lanesOf(traits?.all ?? {}, past ?? [], span)
  const known = useKnownAudiences(
    shown,
    lanes.slice(0, 2 * LANES_MAX).map(({ audienceId }) => audienceId),
  )
  const named = lanes.flatMap((lane): Omit<NamedLane, 'endsAt'>[] => {
    const audience = known.find(({ id }) => id === lane.audienceId)
    return audience ? [{ ...lane, audience }] : []
  })
  const explained = named.slice(0, LANES_MAX)
  const explanations = useExplanations(
    shown,
    explained.map(({ key }) => key),
  )
  const withEnds = named.map((lane, index): NamedLane => {
    const changesAt = explanations[index]?.data?.changesAt
    return { ...lane, endsAt: changesAt === undefined ? undefined : Date.parse(changesAt) }
  })
  const audience = known.find(({ key }) => key === chosen) ?? named[0]?.audience ?? known[0]
  if (!traits) return error ? <Failed error={error} again={() => void refetch()} /> : <Loading rows={4} />
  return (
    <>
      <LanesCard
        lanes={isAll ? withEnds : withEnds.slice(0, LANES_MAX)}
        hiddenCount={isAll ? 0 : Math.max(0, withEnds.length - LANES_MAX)}
        onAll={() => {
          showAll(true)
        }}
        events={events?.data ?? []}
        span={span}
        spanId={spanId}
        onSpan={setSpan}
        chosen={audience?.key}
        onChoose={choose}
      />
      {audience ? (
        <WhyCard
          key={audience.id}
          shown={shown}
          name={name}
          audience={audience}
          audiences={known}
          held={traits.all[audience.key]}
          onChoose={choose}
        />
      ) : (
        <section className="card">
          <Empty title="There is no audience yet that could have it." />
        </section>
      )}
    </>
  )
}

/** Returns the audiences of this kind of profile: a page of them, and those of the ids. */
function useKnownAudiences({ collection }: Shown, ids: readonly string[]): readonly AudienceAnswer[] {
  const { data } = useAudiences()
  const listed = data?.audiences ?? []
  const others = useAudiencesById(data ? ids.filter((id) => !listed.some((audience) => audience.id === id)) : [])
  const type = collection === 'users' ? 'USERS' : 'ACCOUNTS'
  return [...listed, ...others].filter(({ audienceType, enabled }) => audienceType === type && enabled)
}
