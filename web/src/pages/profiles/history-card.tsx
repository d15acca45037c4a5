/** The last transitions of a profile, each with what it came of. */
import { Link } from '@tanstack/react-router'
import { LogIn, LogOut, Sigma } from 'lucide-react'
import { useState } from 'react'
import { valueText } from '../../parts/format.ts'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { PastTransition } from './answers.ts'
import { causeWords } from './causes.ts'
import { moment, momentMs } from './instants.ts'
import { type Shown, useAudiences, useHistory, useRecentEvents, useTraits } from './profile-queries.ts'

const SHOWN_AT_FIRST = 6
const ICONS = { entered: LogIn, exited: LogOut, trait: Sigma } as const

export function HistoryCard({ shown }: { readonly shown: Shown }) {
  const { data, error, refetch } = useHistory(shown)
  const [isAll, showAll] = useState(false)
  const rest = (data?.length ?? 0) - SHOWN_AT_FIRST
  return (
    <section className="card evs" aria-label="Entries, exits and computed traits">
      <div className="hd">
        <h2>Entries, exits and computed traits</h2>
        <span className="grow" />
        {rest > 0 && (
          <button
            className="btn quiet sm"
            type="button"
            aria-expanded={isAll}
            onClick={() => {
              showAll(!isAll)
            }}
          >
            {isAll ? 'Show fewer' : `Show the last ${data?.length ?? 0}`}
          </button>
        )}
      </div>
      {data ? (
        <ul>
          {(isAll ? data : data.slice(0, SHOWN_AT_FIRST)).map((transition, index) => (
            <Turned key={`${transition.at} ${transition.key} ${index}`} shown={shown} transition={transition} />
          ))}
        </ul>
      ) : error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : (
        <Loading rows={4} />
      )}
      {data?.length === 0 && <Empty title="Nothing has changed yet: no audience was entered or left." />}
    </section>
  )
}

function Turned({ shown, transition }: { readonly shown: Shown; readonly transition: PastTransition }) {
  const { data: recent } = useRecentEvents(shown)
  const { at, type, key, value, cause } = transition
  const Icon = ICONS[type]
  return (
    <li>
      <time dateTime={at} title={momentMs(at)}>
        {moment(at)}
      </time>
      <Icon className="i s dim" aria-hidden="true" />
      <span className="trunc">
        {type === 'entered' && <span className="up b">Entered </span>}
        {type === 'exited' && <span className="down b">Left </span>}
        <Definition shown={shown} name={key} isTrait={type === 'trait'} />
        {type === 'trait' &&
          (value === null ? ' has no value any more' : value === undefined ? ' changed' : ` is ${valueText(value)}`)}
      </span>
      <span className="dim trunc cause">{causeWords(cause, recent?.data ?? [])}</span>
    </li>
  )
}

interface DefinitionProps {
  readonly shown: Shown
  readonly name: string
  readonly isTrait: boolean
}

/** The name of an audience or a computed trait, which leads to its page if it is still there. */
function Definition({ shown, name, isTrait }: DefinitionProps) {
  const { data: traits } = useTraits(shown)
  const { data } = useAudiences()
  const id = traits?.all[name]?.source_id
  if (isTrait) {
    if (!id?.startsWith('tra_')) return <b className="b">{name}</b>
    return (
      <Link className="b" to="/traits/$traitId" params={{ traitId: id }}>
        {name}
      </Link>
    )
  }
  const text = data?.audiences.find(({ key }) => key === name)?.name ?? name
  if (!id?.startsWith('aud_')) return text
  return (
    <Link to="/audiences/$audienceId" params={{ audienceId: id }}>
      {text}
    </Link>
  )
}
