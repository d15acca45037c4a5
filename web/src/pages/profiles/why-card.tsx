/** Why a profile is in an audience, or out: each condition as a sentence, and when and why that turns. */
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleDashed, LogIn, LogOut } from 'lucide-react'
import { useEffect } from 'react'
import { useSpaceId } from '../../api/session.ts'
import type { AudienceAnswer } from '../../api/answers.ts'
import { clockMs, day } from '../../parts/format.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import type { Explanation, PastTransition, TraitAnswer } from './answers.ts'
import { causeWords } from './causes.ts'
import { conditionReader, isExplained, type ReadCondition } from '../../words/reader.ts'
import { ConditionSteps, Said, type Why } from './condition-steps.tsx'
import { momentMs } from './instants.ts'
import { nextTurn, oldEvents, wouldHaveTo } from './next-turn.ts'
import { type Shown, useExplanation, useHistory, useRecentEvents } from './profile-queries.ts'

interface WhyCardProps {
  readonly shown: Shown
  /** The name of the person or the account. */
  readonly name: string
  readonly audience: AudienceAnswer
  /** Others that can be asked about. */
  readonly audiences: readonly AudienceAnswer[]
  /** The trait that says if the profile is in, and since when. */
  readonly held: TraitAnswer | undefined
  readonly onChoose: (key: string) => void
}

export function WhyCard({ shown, name, audience, audiences, held, onChoose }: WhyCardProps) {
  const { data, error, refetch } = useExplanation(shown, audience.key)
  const isIn = (data ? data.value : held?.value) === true
  return (
    <section className="card exp" aria-label="Why">
      <div className="why-head">
        <h2>
          Why {name} is {isIn ? 'in' : 'not in'}{' '}
          <Link className="link" to="/audiences/$audienceId" params={{ audienceId: audience.id }}>
            {audience.name}
          </Link>
        </h2>
        <span className="grow" />
        {data && (
          <span className={isIn ? 'chip ok' : 'chip'}>
            {isIn ? 'in' : 'out'}
            {held?.updated_at !== undefined && ` since ${momentMs(held.updated_at)}`}
          </span>
        )}
        <label className="why-choice">
          <span className="vh">Audience to explain</span>
          <select
            className="field"
            value={audience.key}
            onChange={({ target }) => {
              onChoose(target.value)
            }}
          >
            {audiences.map(({ id, key, name: each }) => (
              <option key={id} value={key}>
                {each}
              </option>
            ))}
          </select>
        </label>
      </div>
      {data ? (
        <Explained shown={shown} audience={audience} audiences={audiences} explanation={data} />
      ) : error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : (
        <Loading rows={3} />
      )}
    </section>
  )
}

interface ExplainedProps extends Pick<WhyCardProps, 'shown' | 'audience' | 'audiences'> {
  readonly explanation: Explanation
}

function Explained({ shown, audience, audiences, explanation }: ExplainedProps) {
  const { data: past } = useHistory(shown)
  const { data: recent } = useRecentEvents(shown)
  const events = recent?.data ?? []
  const last = past?.find(({ key, type }) => key === audience.key && type !== 'trait')
  const audienceNames = (key: string): string | undefined => audiences.find((each) => each.key === key)?.name
  const { query } = audience.definition
  const isCurrent = isExplained(query, audience.audienceType, explanation.text)
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  useEffect(() => {
    if (!isCurrent) void queries.invalidateQueries({ queryKey: ['audiences', spaceId] })
  }, [isCurrent, explanation.text, queries, spaceId])
  const read = isCurrent ? conditionReader(query, audience.audienceType, audienceNames) : readNothing
  const why: Why = { shown, read, events }
  return (
    <>
      <p className="head">
        {last && isCurrent ? headWords(last, causeWords(last.cause, events)) : `${explanation.text}.`}
      </p>
      {explanation.eligible === false && (
        <p className="next">
          Left out, whatever the conditions say: none of the ids that this audience asks for is there
          {audience.options?.filterByExternalIds && ` (${audience.options.filterByExternalIds.join(', ')})`}.
        </p>
      )}
      {explanation.exactSince !== undefined && (
        <p className="dim">
          Events from before {day(explanation.exactSince)} are no longer kept, and do not count here.
        </p>
      )}
      <ConditionSteps conditions={explanation.conditions} why={why} />
      <NextLine explanation={explanation} why={why} />
    </>
  )
}

/** Reads conditions of a definition that is being changed: of the one that is explained, only the whole is known. */
function readNothing(): ReadCondition {
  return { words: ['one of its conditions'], kind: 'unknown' }
}

function headWords({ type, at }: PastTransition, cause: string): string {
  return `${type === 'entered' ? 'Entered' : 'Left'} ${cause} on ${day(at)} at ${clockMs(at)}.`
}

function NextLine({ explanation, why }: { readonly explanation: Explanation; readonly why: Why }) {
  const { kind, at, wants } = nextTurn(explanation)
  const Icon = kind === 'leaves' ? LogOut : kind === 'enters' ? LogIn : CircleDashed
  return (
    <div className={`next ${kind}`}>
      <Icon className="i" aria-hidden="true" />
      <div>
        {at !== undefined && (
          <>
            {kind === 'leaves' ? 'Leaves on ' : 'Enters on '}
            <b className="b">
              {day(at)} at {clockMs(at)}
            </b>
            , if nothing else happens
            <TurnReason explanation={explanation} why={why} />.
          </>
        )}
        {kind === 'stays' && 'Stays in until something happens: time alone ends none of it.'}
        {kind === 'out' &&
          wants.length > 0 &&
          `To enter, ${wouldHaveTo(why.shown.collection)} ${wants.join(', and ')}.`}
        {kind === 'out' && wants.length === 0 && 'Stays out until something happens.'}
      </div>
    </div>
  )
}

/** Says what of an explanation turns: an event that becomes too old, or else conditions, if there are several. */
function TurnReason({ explanation, why }: { readonly explanation: Explanation; readonly why: Why }) {
  const { kind, at, because } = nextTurn(explanation)
  const [old] = because.flatMap((condition) =>
    oldEvents(condition, at).map(({ ts }) => ({ ts, event: why.read(condition).event })),
  )
  if (kind === 'leaves' && old)
    return (
      <>
        : then <b className="b">{old.event ?? 'the event'}</b> of {momentMs(old.ts)} is too old to count
      </>
    )
  if (because.length === 0 || explanation.conditions.length === 1) return null
  return (
    <>
      {': '}
      {because.map((condition, index) => (
        <span key={condition.start}>
          {index > 0 && ', and '}“<Said words={why.read(condition).words} />”
        </span>
      ))}
      {kind === 'leaves' ? ' no longer holds then' : ' holds from then on'}
    </>
  )
}
