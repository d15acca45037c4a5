/** The requests that a call would make, by the settings as they are edited: nothing is sent. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { FormRow, TextRow } from '../../parts/form-row.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import type { Asked, CallKind, DestinationAnswer, Mapping, Rehearsed } from './answers.ts'
import { CALL_WORDS } from './mapping.ts'
import { type NamedDefinition, useDefinitions } from './queries.ts'
import { adviceFor } from './reasons.ts'
import { useSettled } from './use-settled.ts'

const CALLS = {
  entered: { type: 'track', value: true },
  exited: { type: 'track', value: false },
  identify: { type: 'identify', value: true },
  computed: { type: 'track', value: 12.5 },
  group: { type: 'group', value: true },
} as const
const SETTLED_MS = 300

export interface RehearsalProps {
  readonly destination: DestinationAnswer
  /** In place of those that are stored; undefined: those. */
  readonly mappings: readonly Mapping[] | undefined
  readonly kinds: readonly CallKind[]
}

export function Rehearsal({ destination, mappings, kinds }: RehearsalProps) {
  const definitions = useDefinitions()
  const [chosenKind, chooseKind] = useState<CallKind>(kinds[0] ?? 'entered')
  const [chosenKey, chooseKey] = useState<string>()
  const [person, setPerson] = useState('')
  const kind = kinds.includes(chosenKind) ? chosenKind : (kinds[0] ?? 'entered')
  const fitting = (definitions.data ?? []).filter((one) => isFor(kind, one))
  const key = fitting.find((one) => one.key === chosenKey)?.key ?? fitting[0]?.key
  return (
    <section className="card rehearsal" aria-labelledby="rehearsal">
      <div className="hd">
        <h2 id="rehearsal">The request that it would send</h2>
      </div>
      <div className="pad">
        <Segmented
          className="wraps"
          label="Call"
          choices={kinds.map((id) => ({ id, text: CALL_WORDS[id] }))}
          value={kind}
          onChange={chooseKind}
        />
        <FormRow label={kind === 'computed' ? 'Computed trait' : 'Audience'}>
          {(own) => (
            <select
              {...own}
              className="field"
              value={key ?? ''}
              onChange={({ target }) => {
                chooseKey(target.value)
              }}
            >
              {fitting.length === 0 && <option value="">none is there yet</option>}
              {fitting.map((one) => (
                <option key={one.id} value={one.key}>
                  {one.name}
                </option>
              ))}
            </select>
          )}
        </FormRow>
        <TextRow
          label={kind === 'group' ? 'Account' : 'Person'}
          help={`${kind === 'group' ? 'group_id:g1' : 'user_id:u1, or email:…'}; if it is empty, of somebody made up.`}
          value={person}
          onChange={setPerson}
        />
        {key !== undefined && (
          <Requests destination={destination} mappings={mappings} kind={kind} audience={key} person={person} />
        )}
      </div>
    </section>
  )
}

function isFor(kind: CallKind, { kind: own, isOfAccounts }: NamedDefinition): boolean {
  if (kind === 'computed') return own === 'computed trait' && !isOfAccounts
  return own === 'audience' && isOfAccounts === (kind === 'group')
}

interface RequestsProps extends Omit<RehearsalProps, 'kinds'> {
  readonly kind: CallKind
  readonly audience: string
  readonly person: string
}

function Requests({ destination: { id, updatedAt }, mappings, kind, audience, person }: RequestsProps) {
  const spaceId = useSpaceId()
  const asked = useSettled(JSON.stringify({ mappings, kind, audience, person: person.trim() }), SETTLED_MS)
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['rehearsal', spaceId, id, updatedAt, asked],
    queryFn: () => rehearse(spaceId, id, JSON.parse(asked) as AskedRehearsal),
    placeholderData: keepPreviousData,
    retry: false,
    // It may name somebody: nothing of it is kept.
    gcTime: 0,
  })
  if (error)
    return (
      <p className="problem" role="alert">
        {error.message}
      </p>
    )
  if (!data) return null
  if (data.status === 'FAILED') {
    const isNothing = data.reason === 'no_action'
    return (
      <div className={isNothing ? 'mut' : 'failed'} role="status">
        <p className="b">{data.message}</p>
        {!isNothing && <p>{adviceFor(data.reason)}</p>}
      </div>
    )
  }
  return (
    <div className={isPlaceholderData ? 'old' : ''}>
      {data.action !== undefined && (
        <p className="dim">
          By the action <span className="mono">{data.action}</span>
        </p>
      )}
      {data.requests.length === 0 && <p className="mut">Nothing is sent for this call.</p>}
      {data.requests.map((request, index) => (
        <div key={index}>
          <p className="request-line mono">
            <b>{request.method}</b> {request.url}
          </p>
          <pre className="code scrolls" tabIndex={0} aria-label={`Request ${index + 1}`}>
            {Object.entries(request.headers)
              .map(([name, value]) => `${name}: ${value}`)
              .join('\n')}
            {request.body !== undefined && `\n\n${bodyText(request.body)}`}
          </pre>
        </div>
      ))}
    </div>
  )
}

function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body, null, 2)
}

interface AskedRehearsal {
  readonly mappings?: readonly Mapping[]
  readonly kind: CallKind
  readonly audience: string
  readonly person: string
}

function rehearse(
  spaceId: string,
  id: string,
  { mappings, kind, audience, person }: AskedRehearsal,
): Promise<Asked<Rehearsed>> {
  const body = {
    ...CALLS[kind],
    audience,
    ...(person !== '' && { profile: person }),
    ...(mappings && { mappings: mappings as never }),
  }
  return answeredData<Asked<Rehearsed>>(
    api.POST('/spaces/{spaceId}/destinations/{id}/rehearse', { params: { path: { spaceId, id } }, body }),
  )
}
