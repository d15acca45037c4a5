/** The size of an audience over time, and the entries and exits meanwhile. */
import { lazy, Suspense, useMemo, useState } from 'react'
import type { AudienceAnswer, SizeStep } from '../../api/answers.ts'
import { clock, count, day, people } from '../../parts/format.ts'
import { Segmented } from '../../parts/segmented.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { Tally } from '../../parts/tally.tsx'
import { useSizes } from '../audiences/queries.ts'

const SizeChart = lazy(async () => ({ default: (await import('./size-chart.tsx')).SizeChart }))

type Step = 'minute' | 'hour' | 'day'

const STEPS = [
  { id: 'minute', text: '2 hours' },
  { id: 'hour', text: '24 hours' },
  { id: 'day', text: '90 days' },
] as const
const STEP_MS: Readonly<Record<Step, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

export function SizeOverTime({ audience: { id, audienceType } }: { readonly audience: AudienceAnswer }) {
  const [step, setStep] = useState<Step>('hour')
  const { data, error, refetch } = useSizes(id, step)
  return (
    <>
      <div className="tools">
        <Segmented label="Time" choices={STEPS} value={step} onChange={setStep} />
      </div>
      {error && <Failed error={error} again={() => void refetch()} />}
      {!data && !error && <Loading rows={6} />}
      {data?.length === 0 && <Empty title="It has had no size in this time." />}
      {data && data.length > 0 && <Shown steps={data} step={step} of={audienceType} />}
    </>
  )
}

interface ShownProps {
  readonly steps: readonly SizeStep[]
  readonly step: Step
  readonly of: AudienceAnswer['audienceType']
}

function Shown({ steps, step, of }: ShownProps) {
  const from = Date.parse(steps[0]!.at)
  const lastAt = Date.parse(steps.at(-1)!.at)
  // The present step ends now.
  const to = useMemo(() => Math.min(Date.now(), lastAt + STEP_MS[step]), [lastAt, step])
  const strokes = steps.map(({ at, entered, left }) => {
    const begins = Date.parse(at)
    return { at: (begins + Math.min(to, begins + STEP_MS[step])) / 2, entered, left }
  })
  const entered = steps.reduce((sum, one) => sum + one.entered, 0)
  const left = steps.reduce((sum, one) => sum + one.left, 0)
  const byTime = steps.reduce((sum, one) => sum + one.byTime, 0)
  const now = steps.at(-1)!.size
  return (
    <>
      <section className="card over-time" aria-label="Size over time">
        <p className="size">
          <b>{count(now)}</b>
          <span>{of === 'USERS' ? people(now).replace(/^\S+ /, '') : now === 1 ? 'account' : 'accounts'} now</span>
        </p>
        <Suspense fallback={<div className="over-time-chart" />}>
          <SizeChart steps={steps} stepMs={STEP_MS[step]} from={from} to={to} />
        </Suspense>
        <div className="over-time-tally">
          <Tally
            strokes={strokes}
            from={from}
            to={to}
            width={900}
            height={56}
            label={`${count(entered)} entered, ${count(left)} left`}
          />
        </div>
        <p className="mut">
          <b className="up">+{count(entered)}</b> entered, <b className="down">−{count(left)}</b> left,{' '}
          {byTime === 0 ? 'none' : count(byTime)} of them by time alone
        </p>
      </section>
      <details className="card numbers">
        <summary>The same as a table</summary>
        <SizeTable steps={steps} step={step} />
      </details>
    </>
  )
}

function SizeTable({ steps, step }: Pick<ShownProps, 'steps' | 'step'>) {
  return (
    <table>
      <caption className="vh">Size over time</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">Size at its end</th>
          <th scope="col">Entered</th>
          <th scope="col">Left</th>
          <th scope="col">By time alone</th>
        </tr>
      </thead>
      <tbody>
        {[...steps].reverse().map(({ at, size, entered, left, byTime }) => (
          <tr key={at}>
            <th scope="row">{step === 'day' ? day(at) : `${day(at)}, ${clock(at).slice(0, 5)}`}</th>
            <td>{count(size)}</td>
            <td>{count(entered)}</td>
            <td>{count(left)}</td>
            <td>{count(byTime)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
