/** Deliveries that have failed for good, by reason: what the tool answered, what to do, and sending them again. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { answeredData, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { count, dayAndClock, valueText } from '../../parts/format.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import type { FailureAnswer } from './answers.ts'
import { useChanged, useFailures } from './queries.ts'
import { adviceFor, reasonText } from './reasons.ts'

/** So many of one reason are listed. */
const LISTED_MAX = 50

export interface FailuresProps {
  readonly destinationId: string
  /** All that there were; the last thousand are kept. */
  readonly total: number
}

export function Failures({ destinationId, total }: FailuresProps) {
  const { data, error, refetch } = useFailures(destinationId)
  const mayChange = useMay('editor')
  const resend = useResend(destinationId)
  if (!data) return error ? <Failed error={error} again={() => void refetch()} /> : <Loading rows={2} />
  return (
    <section className="card part" aria-labelledby="failures">
      <div className="hd">
        <h2 id="failures">Failures</h2>
        <span className="dim">{count(data.length)}</span>
        <span className="grow" />
        {mayChange && data.length > 0 && (
          <button
            className="btn sm"
            type="button"
            disabled={resend.isPending}
            onClick={() => {
              resend.mutate({})
            }}
          >
            Send all again
          </button>
        )}
      </div>
      <p className="problem pad" role="alert">
        {resend.error?.message}
      </p>
      <p className="mut pad" role="status">
        {data.length === 0 &&
          (total === 0 ? 'Nothing has failed.' : `Nothing has to be sent again; ${count(total)} have failed so far.`)}
        {data.length > 0 && resend.data && `${count(resend.data.resent)} are sent again.`}
      </p>
      {[...byReason(data)].map(([reason, failures]) => (
        <Reason key={reason} reason={reason} failures={failures} resend={mayChange ? resend.mutate : undefined} />
      ))}
    </section>
  )
}

/** Gathers failures by reason, the most frequent first. */
function byReason(failures: readonly FailureAnswer[]): Map<string, FailureAnswer[]> {
  const groups = new Map<string, FailureAnswer[]>()
  for (const failure of failures) {
    const group = groups.get(failure.reason)
    if (group) group.push(failure)
    else groups.set(failure.reason, [failure])
  }
  return new Map([...groups].sort(([, a], [, b]) => b.length - a.length))
}

interface Resent {
  readonly numbers?: number[]
  readonly reason?: string
}

interface ReasonProps {
  readonly reason: string
  readonly failures: readonly FailureAnswer[]
  readonly resend: ((which: Resent) => void) | undefined
}

function Reason({ reason, failures, resend }: ReasonProps) {
  const [chosen, choose] = useState<ReadonlySet<number>>(new Set())
  const numbers = failures.flatMap(({ number }) => (chosen.has(number) ? [number] : []))
  const text = numbers.length > 0 ? `Send ${count(numbers.length)} again` : 'Send these again'
  const messages = [...new Set(failures.map(({ message }) => message))]
  const newest = failures.slice(-LISTED_MAX).reverse()
  return (
    <div className="reason">
      <div className="row wraps">
        <span className="chip bad">{count(failures.length)}</span>
        <h3 className="b">{reasonText(reason)}</h3>
        <span className="grow" />
        {resend && (
          <button
            className="btn sm"
            type="button"
            aria-label={`${text}: ${reasonText(reason)}`}
            onClick={() => {
              resend(numbers.length > 0 ? { numbers } : { reason })
              choose(new Set())
            }}
          >
            {text}
          </button>
        )}
      </div>
      {messages.slice(0, 3).map((message) => (
        <p key={message}>“{message}”</p>
      ))}
      <p className="mut">{adviceFor(reason)}</p>
      <details>
        <summary>{failures.length > LISTED_MAX ? `The last ${LISTED_MAX}` : 'Each of them'}</summary>
        <ul className="failure-list">
          {newest.map((failure) => (
            <Failure
              key={failure.number}
              failure={failure}
              isChosen={chosen.has(failure.number)}
              onChoose={
                resend &&
                ((isChosen) => {
                  const next = new Set(chosen)
                  if (isChosen) next.add(failure.number)
                  else next.delete(failure.number)
                  choose(next)
                })
              }
            />
          ))}
        </ul>
      </details>
    </div>
  )
}

interface FailureProps {
  readonly failure: FailureAnswer
  readonly isChosen: boolean
  readonly onChoose: ((isChosen: boolean) => void) | undefined
}

function Failure({
  failure: { number, profile, value, attempts, failedAt, message },
  isChosen,
  onChoose,
}: FailureProps) {
  return (
    <li>
      {onChoose && (
        <input
          className="tick"
          type="checkbox"
          aria-label={`Choose the delivery ${number}`}
          checked={isChosen}
          onChange={({ target }) => {
            onChoose(target.checked)
          }}
        />
      )}
      <time className="dim" dateTime={failedAt}>
        {dayAndClock(failedAt)}
      </time>
      <span className="trunc">
        <span className="b">{profile}</span> {value === true ? 'in' : value === false ? 'out' : valueText(value)}
        <span className="dim"> {attempts === 1 ? 'tried once' : `tried ${attempts} times`}</span>
      </span>
      <span className="dim trunc hide-s">{message}</span>
    </li>
  )
}

function useResend(destinationId: string) {
  const spaceId = useSpaceId()
  const changed = useChanged(destinationId)
  return useMutation({
    mutationFn: (which: Resent) =>
      answeredData<{ resent: number }>(
        api.POST('/spaces/{spaceId}/destinations/{id}/failures/resend', {
          params: { path: { spaceId, id: destinationId } },
          body: which,
        }),
      ),
    onSuccess: changed,
  })
}
