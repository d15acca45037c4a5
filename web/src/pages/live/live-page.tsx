/** People coming and going as it happens: the tally of all audiences, and each transition, the newest first. */
import { Pause, Play } from 'lucide-react'
import { useState } from 'react'
import { Page } from '../../frame/page.tsx'
import { useNow } from '../../frame/pulse.tsx'
import { useFeed } from '../../api/feed.ts'
import { useSpaceId } from '../../api/session.ts'
import { clock, count, signed } from '../../parts/format.ts'
import { Segmented } from '../../parts/segmented.tsx'
import { Empty, Loading } from '../../parts/states.tsx'
import { strokesOf } from '../../parts/strokes.ts'
import { Tally } from '../../parts/tally.tsx'
import './live.css'
import { type LiveTransition, RECENT_MS } from './recent.ts'
import { TransitionRows } from './transition-rows.tsx'
import { useNames } from './use-names.ts'
import { useTransitions } from './use-transitions.ts'

type Kind = 'all' | 'entered' | 'exited' | 'trait'

const KINDS = [
  { id: 'all', text: 'All' },
  { id: 'entered', text: 'Entered' },
  { id: 'exited', text: 'Left' },
  { id: 'trait', text: 'Traits' },
] as const
/** Strokes that are younger grow. */
const FRESH_MS = 1_000

export function LivePage() {
  const { state } = useFeed(useSpaceId())
  const { transitions, isRead } = useTransitions()
  const names = useNames()
  const [held, hold] = useState<readonly LiveTransition[]>()
  const [kind, chooseKind] = useState<Kind>('all')
  const [key, chooseKey] = useState('')
  const shown = (held ?? transitions).filter(
    (one) => (kind === 'all' || one.type === kind) && (key === '' || one.key === key),
  )
  const tallied = transitions.filter((one) => key === '' || one.key === key)
  return (
    <Page title="Live" isMoving>
      <Moving transitions={tallied} />
      <div className="tools">
        <Segmented label="Transitions" choices={KINDS} value={kind} onChange={chooseKind} />
        <select
          className="field of-one"
          aria-label="Audience or trait"
          value={key}
          onChange={({ target }) => {
            chooseKey(target.value)
          }}
        >
          <option value="">All audiences and traits</option>
          {[...names].map(([one, name]) => (
            <option key={one} value={one}>
              {name}
            </option>
          ))}
        </select>
        <span className="grow" />
        <span className="dim hide-s">{held ? heldText(held, transitions) : `${count(shown.length)} shown`}</span>
        <button
          className="btn"
          type="button"
          onClick={() => {
            hold(held ? undefined : transitions)
          }}
        >
          {held ? <Play className="i" aria-hidden="true" /> : <Pause className="i" aria-hidden="true" />}
          {held ? 'Go on' : 'Pause'}
        </button>
      </div>
      {shown.length > 0 ? (
        <TransitionRows transitions={shown} names={names} />
      ) : !isRead && state !== 'broken' ? (
        <Loading rows={3} />
      ) : (
        <Empty title={state === 'broken' ? 'Not connected; trying again.' : 'Nobody has come or gone in this time.'}>
          <p>Whoever enters or leaves an audience stands here at once, and so does each trait that changes.</p>
        </Empty>
      )}
    </Page>
  )
}

function heldText(held: readonly LiveTransition[], transitions: readonly LiveTransition[]): string {
  const newest = held[0]
  const come = newest ? transitions.findIndex((one) => one === newest) : transitions.length
  return come > 0 ? `paused; ${count(come)} since` : 'paused'
}

function Moving({ transitions }: { readonly transitions: readonly LiveTransition[] }) {
  const now = useNow()
  const from = now - RECENT_MS
  const strokes = strokesOf(transitions).filter(({ at }) => at > from)
  const entered = strokes.reduce((sum, stroke) => sum + stroke.entered, 0)
  const left = strokes.reduce((sum, stroke) => sum + stroke.left, 0)
  return (
    <section className="card moving two-parts" aria-label="The last 10 minutes">
      <div>
        <h2>The last 10 minutes</h2>
        <div className="fig">
          <div>
            <b className="up">{count(entered)}</b> entered
          </div>
          <div>
            <b className="down">{count(left)}</b> left
          </div>
        </div>
        <p className="dim">net {signed(entered - left)}</p>
      </div>
      <div>
        <Tally
          strokes={strokes}
          from={from}
          to={now}
          width={900}
          height={72}
          freshFrom={now - FRESH_MS}
          label={`The last 10 minutes: ${count(entered)} entered, ${count(left)} left`}
        />
        <div className="axis" aria-hidden="true">
          <span>{clock(from)}</span>
          <span>{clock(from + RECENT_MS / 2)}</span>
          <span>now</span>
        </div>
      </div>
    </section>
  )
}
