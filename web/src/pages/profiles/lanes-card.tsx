/**
 * Lanes of audiences: solid while in, dashed from now until the instant at which it ends by itself. A lane is a button
 * that asks why.
 */
import type { AudienceAnswer } from '../../api/answers.ts'
import { count, dayAndClock } from '../../parts/format.ts'
import { Segmented } from '../../parts/segmented.tsx'
import type { EventAnswer } from './answers.ts'
import { moment, shortDay } from './instants.ts'
import type { Lane, Span } from './lanes.ts'

export type SpanId = 'day' | 'week' | 'month'

const DAY_MS = 86_400_000
export const SPANS = {
  day: { text: '24 hours', ms: DAY_MS },
  week: { text: '7 days', ms: 7 * DAY_MS },
  month: { text: '30 days', ms: 30 * DAY_MS },
} as const satisfies Record<SpanId, { readonly text: string; readonly ms: number }>

/** The share of the picture that is past takes two thirds of it. */
const WIDTH = 760
const PAST_SHARE = 0.68

export interface NamedLane extends Lane {
  readonly audience: AudienceAnswer
  /** When it turns by itself, epoch ms; undefined if it does not, or that has not been asked. */
  readonly endsAt: number | undefined
}

interface LanesCardProps {
  readonly lanes: readonly NamedLane[]
  readonly hiddenCount: number
  readonly onAll: () => void
  readonly events: readonly EventAnswer[]
  readonly span: Span
  readonly spanId: SpanId
  readonly onSpan: (id: SpanId) => void
  readonly chosen: string | undefined
  readonly onChoose: (key: string) => void
}

/** From an instant to its place in the picture. */
type Scale = (at: number) => number

export function LanesCard(props: LanesCardProps) {
  const { lanes, hiddenCount, onAll, events, span, spanId, onSpan, chosen, onChoose } = props
  const futureMs = ((span.now - span.from) / PAST_SHARE) * (1 - PAST_SHARE)
  const scale: Scale = (at) => Math.round(((at - span.from) / (span.now + futureMs - span.from)) * WIDTH * 10) / 10
  return (
    <section className="card" aria-label="Audiences over time">
      <div className="hd lanes-hd">
        <h2>In and out of audiences</h2>
        <span className="grow" />
        <Segmented
          label="Span"
          choices={Object.entries(SPANS).map(([id, { text }]) => ({ id: id as SpanId, text }))}
          value={spanId}
          onChange={onSpan}
        />
      </div>
      <div className="lanes">
        <EventsLane events={events} span={span} scale={scale} />
        {lanes.map((lane) => (
          <LaneButton key={lane.key} lane={lane} scale={scale} isChosen={lane.key === chosen} onChoose={onChoose} />
        ))}
        {lanes.length === 0 && <p className="dim pad">In no audience during this time.</p>}
        <div className="lane lane-axis" aria-hidden="true">
          <div />
          <div className="lane-dates">
            <span>{spanId === 'day' ? moment(span.from).slice(0, -3) : shortDay(span.from)}</span>
            <span className="lane-now">now</span>
            <span>{spanId === 'day' ? moment(span.now + futureMs).slice(0, -3) : shortDay(span.now + futureMs)}</span>
          </div>
        </div>
        {hiddenCount > 0 && (
          <button className="btn quiet more" type="button" onClick={onAll}>
            {`Show ${count(hiddenCount)} more`}
          </button>
        )}
      </div>
    </section>
  )
}

interface EventsLaneProps {
  readonly events: readonly EventAnswer[]
  readonly span: Span
  readonly scale: Scale
}

function EventsLane({ events, span, scale }: EventsLaneProps) {
  const instants = events.map(({ timestamp }) => Date.parse(timestamp)).filter((at) => at >= span.from)
  return (
    <div className="lane lane-events">
      <div className="nm dim">Events</div>
      <svg
        viewBox={`0 0 ${WIDTH} 30`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${count(instants.length)} ${instants.length === 1 ? 'event' : 'events'} in this time`}
      >
        <path
          className="at"
          d={instants.map((at) => `M${scale(at)} 8V22`).join('')}
          vectorEffect="non-scaling-stroke"
        />
        <path className="now" d={`M${scale(span.now)} 0V30`} vectorEffect="non-scaling-stroke" />
      </svg>
    </div>
  )
}

interface LaneButtonProps {
  readonly lane: NamedLane
  readonly scale: Scale
  readonly isChosen: boolean
  readonly onChoose: (key: string) => void
}

function LaneButton({ lane, scale, isChosen, onChoose }: LaneButtonProps) {
  return (
    <button
      className={isChosen ? 'lane on' : 'lane'}
      type="button"
      aria-pressed={isChosen}
      aria-label={`${lane.audience.name}: ${stateOf(lane)}. Why?`}
      onClick={() => {
        onChoose(lane.key)
      }}
    >
      <span className="nm">
        <span className={lane.isIn ? 'st' : 'st off'} />
        <span className="trunc">{lane.audience.name}</span>
      </span>
      <LanePicture lane={lane} scale={scale} />
    </button>
  )
}

function LanePicture({ lane, scale }: Pick<LaneButtonProps, 'lane' | 'scale'>) {
  const now = WIDTH * PAST_SHARE
  const { stretches, isIn, endsAt } = lane
  const turn = endsAt === undefined ? undefined : scale(endsAt)
  const isTurnShown = turn !== undefined && turn <= WIDTH
  const path = (points: readonly number[], shape: (x: number) => string): string => points.map(shape).join('')
  const mark = (x: number): string => `M${x} 8V26`
  const entries = stretches.filter(({ isEntered }) => isEntered).map(({ from }) => scale(from))
  const exits = stretches.filter(({ isLeft }) => isLeft).map(({ to }) => scale(to))
  if (isTurnShown) (isIn ? exits : entries).push(turn)
  return (
    <svg viewBox={`0 0 ${WIDTH} 34`} preserveAspectRatio="none" aria-hidden="true">
      <path className="ground" d={`M0 17H${WIDTH}`} vectorEffect="non-scaling-stroke" />
      <path
        className="in"
        d={stretches.map(({ from, to }) => `M${scale(from)} 17H${scale(to)}`).join('')}
        vectorEffect="non-scaling-stroke"
      />
      {isIn && (
        <path
          className="in until"
          d={`M${now} 17H${turn === undefined ? WIDTH : Math.min(WIDTH, turn)}`}
          vectorEffect="non-scaling-stroke"
        />
      )}
      <path className="entry" d={path(entries, mark)} vectorEffect="non-scaling-stroke" />
      <path className="exit" d={path(exits, mark)} vectorEffect="non-scaling-stroke" />
      <path className="now" d={`M${now} 0V34`} vectorEffect="non-scaling-stroke" />
    </svg>
  )
}

function stateOf({ isIn, changedAt, endsAt }: NamedLane): string {
  const since =
    changedAt === undefined ? '' : isIn ? ` since ${dayAndClock(changedAt)}` : `, left ${dayAndClock(changedAt)}`
  const turn = endsAt === undefined ? '' : `, ${isIn ? 'leaves' : 'enters'} ${dayAndClock(endsAt)} by time alone`
  return `${isIn ? 'in' : 'out'}${since}${turn}`
}
