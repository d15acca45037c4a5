/** The deliveries of a destination: counts, the connections that make them, and failures. */
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { answeredData, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { count, people } from '../../parts/format.ts'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { ConnectionOverview, DestinationAnswer, Overview } from './answers.ts'
import { Failures } from './failures.tsx'
import { useChanged, useConnection, useDefinitions, useOverview } from './queries.ts'

export function Deliveries({ destination }: { readonly destination: DestinationAnswer }) {
  const { data, error, refetch } = useOverview(destination.id)
  if (!data) return error ? <Failed error={error} again={() => void refetch()} /> : <Loading rows={5} />
  return (
    <>
      <Counts overview={data.overview} />
      <Connections destinationId={destination.id} connections={data.connections} />
      <Failures destinationId={destination.id} total={data.overview.failed.total} />
    </>
  )
}

function Counts({ overview }: { readonly overview: Overview }) {
  const { delivered, waiting, pendingRetry, held, failed, filtered, collapsed, latencyMs } = overview
  return (
    <dl className="card counts">
      <Count name="Delivered" value={delivered} />
      <Count name="Waiting" value={waiting} note={pendingRetry > 0 ? `${count(pendingRetry)} are tried again` : ''} />
      <Count name="Failed for good" value={failed.total} isBad={failed.total > 0} />
      <Count
        name="Skipped"
        value={filtered + collapsed}
        note={collapsed > 0 ? `${count(collapsed)} replaced by a later value` : ''}
      />
      {held > 0 && <Count name="Kept back" value={held} note="until they are approved" />}
      <div>
        <dt>From change to arrival</dt>
        <dd>
          <b>{delivered > 0 ? duration(latencyMs.p50) : '—'}</b>
          {delivered > 0 && (
            <span className="dim">
              {' '}
              95 of 100 within {duration(latencyMs.p95)}, 99 within {duration(latencyMs.p99)}
            </span>
          )}
        </dd>
      </div>
    </dl>
  )
}

interface CountProps {
  readonly name: string
  readonly value: number
  readonly note?: string
  readonly isBad?: boolean
}

function Count({ name, value, note, isBad = false }: CountProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b className={isBad ? 'failed-count' : ''}>{count(value)}</b> {note && <span className="dim">{note}</span>}
      </dd>
    </div>
  )
}

/** `850 ms`, `4.1 s`, `12 min` */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  return `${Math.round(ms / 60_000)} min`
}

interface ConnectionsProps {
  readonly destinationId: string
  readonly connections: readonly ConnectionOverview[]
}

function Connections({ destinationId, connections }: ConnectionsProps) {
  const { data: definitions } = useDefinitions()
  const names = new Map(definitions?.map(({ id, name }) => [id, name]))
  return (
    <section className="card part" aria-labelledby="connected">
      <div className="hd">
        <h2 id="connected">Connected audiences and traits</h2>
        <span className="dim">{count(connections.length)}</span>
      </div>
      {connections.length === 0 && (
        <Empty title="Nothing is connected, so nothing is sent.">
          <p>
            Open{' '}
            <Link className="link" to="/">
              an audience
            </Link>{' '}
            and connect it to this destination.
          </p>
        </Empty>
      )}
      <ul>
        {connections.map((connection) => (
          <Connection
            key={connection.connectionId}
            destinationId={destinationId}
            known={connection}
            name={names.get(connection.definitionId) ?? connection.key}
          />
        ))}
      </ul>
    </section>
  )
}

interface ConnectionProps {
  readonly destinationId: string
  readonly known: ConnectionOverview
  readonly name: string
}

function Connection({ destinationId, known, name }: ConnectionProps) {
  const { data: connection } = useConnection(destinationId, known.definitionId)
  return (
    <li className="connected">
      <div className="grow">
        {known.definitionId.startsWith('aud_') ? (
          <Link className="nm" to="/audiences/$audienceId" params={{ audienceId: known.definitionId }}>
            {name}
          </Link>
        ) : (
          <Link className="nm" to="/traits/$traitId" params={{ traitId: known.definitionId }}>
            {name}
          </Link>
        )}
        <div className="dim">
          {count(known.delivered)} delivered, {count(known.waiting + known.pendingRetry)} waiting,{' '}
          {count(known.failed.total)} failed
        </div>
      </div>
      {connection?.status === 'waiting for approval' ? (
        <Approval
          destinationId={destinationId}
          definitionId={known.definitionId}
          waiting={connection.waitingMembers ?? known.held}
          name={name}
        />
      ) : (
        connection && <ConnectionStatus status={connection.status} waiting={connection.waitingMembers} />
      )}
    </li>
  )
}

const STATUS = {
  connected: { text: 'Connected', look: 'st' },
  disconnected: { text: 'Disconnected', look: 'st off' },
  syncing: { text: 'Telling everybody', look: 'st run' },
  'waiting for approval': { text: 'Waits for approval', look: 'st run' },
} as const

function ConnectionStatus({
  status,
  waiting,
}: {
  readonly status: keyof typeof STATUS
  readonly waiting?: number | undefined
}) {
  const { text, look } = STATUS[status]
  return (
    <span className={look}>
      {text}
      {waiting !== undefined && waiting > 0 && `: ${count(waiting)} to go`}
    </span>
  )
}

interface ApprovalProps {
  readonly destinationId: string
  readonly definitionId: string
  readonly waiting: number
  readonly name: string
}

/** A change that moves more than the connection lets pass waits for a yes or a no. */
function Approval({ destinationId, definitionId, waiting, name }: ApprovalProps) {
  const mayChange = useMay('editor')
  const decide = useDecision(destinationId, definitionId)
  return (
    <div className="approval">
      <span className="chip warn">{people(waiting)} to tell: waits for approval</span>
      {mayChange && (
        <>
          <button
            className="btn sm"
            type="button"
            disabled={decide.isPending}
            aria-label={`Send the held changes of ${name}`}
            onClick={() => {
              decide.mutate('approve')
            }}
          >
            Send
          </button>
          <button
            className="btn sm quiet"
            type="button"
            disabled={decide.isPending}
            aria-label={`Drop the held changes of ${name}`}
            onClick={() => {
              decide.mutate('reject')
            }}
          >
            Drop
          </button>
        </>
      )}
      <p className="problem" role="alert">
        {decide.error?.message}
      </p>
    </div>
  )
}

function useDecision(destinationId: string, definitionId: string) {
  const spaceId = useSpaceId()
  const changed = useChanged(destinationId)
  const params = { path: { spaceId, id: definitionId, destinationId } }
  return useMutation({
    mutationFn: (decision: 'approve' | 'reject') => {
      const isAudience = definitionId.startsWith('aud_')
      if (decision === 'approve')
        return answeredData<unknown>(
          isAudience
            ? api.POST('/spaces/{spaceId}/audiences/{id}/destination-connections/{destinationId}/approve', { params })
            : api.POST('/spaces/{spaceId}/computed-traits/{id}/destination-connections/{destinationId}/approve', {
                params,
              }),
        )
      return answeredData<unknown>(
        isAudience
          ? api.POST('/spaces/{spaceId}/audiences/{id}/destination-connections/{destinationId}/reject', { params })
          : api.POST('/spaces/{spaceId}/computed-traits/{id}/destination-connections/{destinationId}/reject', {
              params,
            }),
      )
    },
    onSuccess: changed,
  })
}
