/** The amount that a space keeps: what it has chosen itself, and what it has as the server has it for all. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type SyntheticEvent, type ReactNode, useState } from 'react'
import { answeredData, api, ApiError } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { count } from '../../parts/format.ts'
import { FormRow } from '../../parts/form-row.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { useUnsaved } from '../../parts/use-unsaved.ts'
import { RETENTION_NAMES, type RetentionAnswer, type RetentionName } from './answers.ts'

interface Meaning {
  readonly title: string
  readonly unit: string
  readonly text: string
}

const MEANINGS: Readonly<Record<RetentionName, Meaning>> = {
  historyDays: {
    title: 'Events are kept for',
    unit: 'days',
    text: 'Single events that are older are forgotten; never those that the longest window of an audience or trait asks for.',
  },
  historyEventsMax: {
    title: 'Events of one person',
    unit: 'at most',
    text: 'The oldest beyond that are forgotten. Counts of windows go on to count them.',
  },
  anonymousDays: {
    title: 'Anonymous people are forgotten after',
    unit: 'days',
    text: 'Somebody known by anonymous ids alone, and of no account, is forgotten so long after the last call.',
  },
  profilesMax: {
    title: 'People',
    unit: 'at most',
    text: 'A call that would make one more is refused.',
  },
}

export function Retention() {
  const spaceId = useSpaceId()
  const mayChange = useMay('admin')
  const { data, error, refetch } = useQuery({
    queryKey: ['retention', spaceId],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/settings', { params: { path: { spaceId } } })
      return (await answeredData<{ settings: RetentionAnswer }>(asked)).settings
    },
  })
  if (!data) return error ? <Failed error={error} again={() => void refetch()} /> : <Loading rows={4} />
  return (
    <section className="card" aria-labelledby="retention">
      <div className="hd">
        <h2 id="retention">How much is kept</h2>
      </div>
      <p className="mut pad">
        What is beyond a bound is forgotten as soon as it is chosen. Without a choice of its own, a space has what the
        server has for all.
      </p>
      {RETENTION_NAMES.map((name) => (
        <Bound key={`${name} ${data[name]}`} name={name} retention={data} mayChange={mayChange} />
      ))}
    </section>
  )
}

interface BoundProps {
  readonly name: RetentionName
  readonly retention: RetentionAnswer
  readonly mayChange: boolean
}

function Bound({ name, retention, mayChange }: BoundProps) {
  const { title, unit, text } = MEANINGS[name]
  const value = retention[name]
  const isChosen = retention.chosen.includes(name)
  const label = (
    <>
      {title}{' '}
      <span className={isChosen ? 'chip acc' : 'chip'}>{isChosen ? 'chosen here' : 'as the server has it'}</span>
    </>
  )
  if (mayChange) return <BoundForm name={name} value={value} isChosen={isChosen} label={label} />
  const said = unit === 'days' ? `${count(value ?? 0)} days` : `${unit} ${count(value ?? 0)}`
  return (
    <div className="bound">
      <div className="b">{label}</div>
      <p>{value === null ? 'no bound' : said}</p>
      <p className="dim">{text}</p>
    </div>
  )
}

interface BoundFormProps {
  readonly name: RetentionName
  readonly value: number | null
  readonly isChosen: boolean
  readonly label: ReactNode
}

function BoundForm({ name, value, isChosen, label }: BoundFormProps) {
  const { unit, text } = MEANINGS[name]
  const choose = useChoice(name)
  const before = value === null ? '' : String(value)
  const [typed, setTyped] = useState(before)
  const isSame = typed === before
  useUnsaved(!isSame)
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    choose.mutate(Number(typed))
  }
  return (
    <form className="bound" onSubmit={submit} noValidate>
      <FormRow label={label} help={text} problem={choose.error ? messageOf(choose.error) : undefined}>
        {(own) => (
          <span className="row">
            {unit !== 'days' && <span className="mut">{unit}</span>}
            <input
              {...own}
              className="field short"
              inputMode="numeric"
              placeholder="no bound"
              value={typed}
              onChange={({ target }) => {
                setTyped(target.value)
              }}
            />
            {unit === 'days' && <span className="mut">days</span>}
            {!isSame && (
              <button className="btn pri" type="submit" disabled={choose.isPending || typed.trim() === ''}>
                Choose
              </button>
            )}
            {isChosen && isSame && (
              <button
                className="btn"
                type="button"
                disabled={choose.isPending}
                onClick={() => {
                  choose.mutate(null)
                }}
              >
                As the server has it
              </button>
            )}
          </span>
        )}
      </FormRow>
    </form>
  )
}

/** Without the name of the field, which stands beside it. */
function messageOf(error: Error): string {
  const field = error instanceof ApiError ? error.field : undefined
  return field === undefined ? error.message : error.message.replace(`${field}: `, '')
}

function useChoice(name: RetentionName) {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (value: number | null) =>
      answeredData<unknown>(
        api.PATCH('/spaces/{spaceId}/settings', { params: { path: { spaceId } }, body: { [name]: value } }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['retention', spaceId] }),
  })
}
