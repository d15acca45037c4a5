/** Transitions in rows: who, what they entered or left, and when. */
import { Link, useNavigate } from '@tanstack/react-router'
import { clockMs, nameOfProfile, valueText } from '../../parts/format.ts'
import { ProfileLink, profileRoute } from '../../parts/profile-link.tsx'
import { type Column, Rows } from '../../parts/rows.tsx'
import type { LiveTransition } from './recent.ts'
import { nameOfTransition } from './use-transitions.ts'

const WORDS = { entered: 'entered', exited: 'left', trait: 'has a new' } as const
const SIGNS = { entered: '+', exited: '−', trait: '=' } as const
const LOOKS = { entered: 'sg up', exited: 'sg down', trait: 'sg dim' } as const

export interface TransitionRowsProps {
  readonly transitions: readonly LiveTransition[]
  readonly names: ReadonlyMap<string, string>
}

export function TransitionRows({ transitions, names }: TransitionRowsProps) {
  const navigate = useNavigate()
  return (
    <>
      <Rows
        label="Transitions"
        rows={transitions}
        keyOf={nameOfTransition}
        columns={columnsOf(names)}
        height={34}
        onOpen={({ segmentId }) => {
          if (segmentId !== undefined) void navigate(profileRoute(segmentId))
        }}
        onKey={({ audienceId, computedTraitId }, event) => {
          if (event.key !== 'ArrowRight') return
          event.preventDefault()
          if (audienceId) void navigate({ to: '/audiences/$audienceId', params: { audienceId } })
          else if (computedTraitId) void navigate({ to: '/traits/$traitId', params: { traitId: computedTraitId } })
        }}
      />
      <p className="row dim legend hide-s">
        <kbd>↑</kbd>
        <kbd>↓</kbd> move <kbd>↵</kbd> the profile <kbd>→</kbd> the audience
      </p>
    </>
  )
}

function columnsOf(names: ReadonlyMap<string, string>): readonly Column<LiveTransition>[] {
  return [
    { title: 'When', width: '88px', cell: ({ at }) => <time className="dim">{clockMs(at)}</time> },
    {
      title: 'Who and what',
      width: 'minmax(0,1fr)',
      cell: (transition) => <Line transition={transition} names={names} />,
    },
  ]
}

function Line({
  transition,
  names,
}: {
  readonly transition: LiveTransition
  readonly names: ReadonlyMap<string, string>
}) {
  const { type, profile, segmentId, value } = transition
  return (
    <div className="moved">
      <span className={LOOKS[type]} aria-hidden="true">
        {SIGNS[type]}
      </span>
      <div className="trunc">
        {segmentId === undefined ? (
          <b>{nameOfProfile(profile)}</b>
        ) : (
          <ProfileLink id={segmentId} className="moved-link" isInRow>
            {nameOfProfile(profile)}
          </ProfileLink>
        )}{' '}
        <span className="mut">{WORDS[type]}</span> <Definition transition={transition} names={names} />
        {type === 'trait' && <span className="mut">: {valueText(value)}</span>}
      </div>
    </div>
  )
}

function Definition({
  transition,
  names,
}: {
  readonly transition: LiveTransition
  readonly names: ReadonlyMap<string, string>
}) {
  const { key, audienceId, computedTraitId } = transition
  const name = names.get(key) ?? key
  const shared = {
    className: 'moved-link',
    tabIndex: -1,
    onClick: (event: { stopPropagation: () => void }) => {
      event.stopPropagation()
    },
  }
  if (audienceId)
    return (
      <Link to="/audiences/$audienceId" params={{ audienceId }} {...shared}>
        {name}
      </Link>
    )
  if (computedTraitId)
    return (
      <Link to="/traits/$traitId" params={{ traitId: computedTraitId }} {...shared}>
        {name}
      </Link>
    )
  return <b>{name}</b>
}
