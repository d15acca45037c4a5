/** One connection: how it stands, what became of its calls, and what can be done with it. */
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '../../api/session.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { count } from '../../parts/format.ts'
import type { ConnectionAnswer, DeliveryOverview, ListedDestination } from '../audiences/answers.ts'
import { ConnectionForm } from './connection-form.tsx'
import { type Connectable, type ConnectionsProps, useConnectionChanges, useOverview } from './connection-queries.ts'

export interface ConnectionCardProps extends ConnectionsProps {
  readonly connection: ConnectionAnswer
  /** Undefined if it has just been removed. */
  readonly destination: ListedDestination | undefined
}

export function ConnectionCard({ of, type, connection, destination }: ConnectionCardProps) {
  const { destination: to, enabled } = connection
  const name = to.name ?? to.id
  const mayEdit = useMay('editor')
  const { change, order } = useConnectionChanges(of)
  const [isEdited, setEdited] = useState(false)
  const [isRemoved, setRemoved] = useState(false)
  const { attempt, problem } = useAttempt()
  return (
    <section className="card connection" aria-label={name}>
      <Heading connection={connection} destination={destination} name={name} />
      <Held {...{ of, connection }} onDecide={(decision) => attempt(order(to.id, decision))} />
      <Overview of={of} destinationId={to.id} />
      <p role="alert" className="problem connection-problem">
        {problem}
      </p>
      {mayEdit && (
        <div className="connection-actions">
          <button type="button" className="btn sm" aria-expanded={isEdited} onClick={() => setEdited(!isEdited)}>
            What is sent
          </button>
          <button type="button" className="btn sm" onClick={() => attempt(change(to.id, { enabled: !enabled }))}>
            {enabled ? 'Disconnect' : 'Connect again'}
          </button>
          {enabled && (
            <button type="button" className="btn sm" onClick={() => attempt(order(to.id, 'resync'))}>
              Send everything again
            </button>
          )}
          <button type="button" className="btn sm quiet" onClick={() => setRemoved(true)}>
            Remove…
          </button>
        </div>
      )}
      {isEdited && (
        <ConnectionForm
          kind={of.kind}
          type={type}
          isList={destination?.metadata.kind === 'list'}
          initial={connection}
          action="Save"
          onSave={async (changed) => {
            await change(to.id, changed)
            setEdited(false)
          }}
          onCancel={() => setEdited(false)}
        />
      )}
      {isRemoved && <Remove {...{ of, name, destinationId: to.id }} onClose={() => setRemoved(false)} />}
    </section>
  )
}

interface HeadingProps extends StatusProps {
  readonly name: string
}

function Heading({ connection, destination, name }: HeadingProps) {
  return (
    <div className="hd">
      <span className="dst" aria-hidden="true">
        {name.slice(0, 1).toUpperCase()}
      </span>
      <h2>
        <Link to="/destinations/$destinationId" params={{ destinationId: connection.destination.id }}>
          {name}
        </Link>
      </h2>
      <span className="dim hide-s">{destination?.metadata.name}</span>
      <span className="grow" />
      <ConnectionStatus connection={connection} destination={destination} />
    </div>
  )
}

/** Returns a function that waits for a change, and what it was refused for. */
function useAttempt() {
  const [problem, setProblem] = useState('')
  const attempt = (done: Promise<void>): void => {
    setProblem('')
    done.catch((error: unknown) => {
      setProblem((error as Error).message)
    })
  }
  return { attempt, problem }
}

type StatusProps = Pick<ConnectionCardProps, 'connection' | 'destination'>

function ConnectionStatus({ connection: { status, waitingMembers }, destination }: StatusProps) {
  if (status === 'disconnected') return <span className="st off mut">Disconnected</span>
  if (status === 'waiting for approval') return <span className="st bad">Waits for approval</span>
  if (destination && !destination.enabled) return <span className="st off mut">Destination disabled</span>
  if (destination?.status === 'Unreachable') return <span className="st bad">Cannot be reached</span>
  if (status === 'syncing')
    return (
      <span className="st run">
        {waitingMembers === undefined ? 'Telling everybody' : `${count(waitingMembers)} still to tell`}
      </span>
    )
  return <span className="st">Connected</span>
}

interface HeldProps {
  readonly of: Connectable
  readonly connection: ConnectionAnswer
  readonly onDecide: (decision: 'approve' | 'reject') => void
}

/** Asks for a decision about changes that concern more people than may be told unasked. */
function Held({ of, connection: { destination, status, waitingMembers }, onDecide }: HeldProps) {
  const mayEdit = useMay('editor')
  const held = useOverview(of, destination.id).data?.held ?? 0
  const waiting = Math.max(held, status === 'waiting for approval' ? (waitingMembers ?? 0) : 0)
  if (status !== 'waiting for approval' && waiting === 0) return null
  return (
    <div className="held" role="status">
      <span className="grow">
        {waiting > 0 ? `${count(waiting)} changes wait` : 'Changes wait'} for approval: more than may be sent unasked.
      </span>
      {mayEdit && (
        <>
          <button type="button" className="btn sm" onClick={() => onDecide('approve')}>
            Send them
          </button>
          <button type="button" className="btn sm" onClick={() => onDecide('reject')}>
            Drop them
          </button>
        </>
      )}
    </div>
  )
}

const COUNTS: readonly { readonly text: string; readonly of: (overview: DeliveryOverview) => number }[] = [
  { text: 'arrived', of: ({ delivered }) => delivered },
  { text: 'waiting', of: ({ waiting }) => waiting },
  { text: 'to be tried again', of: ({ pendingRetry }) => pendingRetry },
  { text: 'failed', of: ({ failed }) => failed.total },
  { text: 'out of date before sent', of: ({ collapsed }) => collapsed },
]

function Overview({ of, destinationId }: { readonly of: Connectable; readonly destinationId: string }) {
  const { data } = useOverview(of, destinationId)
  return (
    <dl className="counts">
      {COUNTS.map(({ text, of: numberOf }) => (
        <div key={text}>
          <dt className="dim">{text}</dt>
          <dd>{data ? count(numberOf(data)) : '…'}</dd>
        </div>
      ))}
      <div>
        <dt className="dim">95 of 100 within</dt>
        <dd>{data && data.latencyMs.p95 > 0 ? millisText(data.latencyMs.p95) : '—'}</dd>
      </div>
    </dl>
  )
}

const SECOND_MS = 1_000

function millisText(ms: number): string {
  return ms < SECOND_MS ? `${count(ms)} ms` : `${count(ms / SECOND_MS)} s`
}

interface RemoveProps {
  readonly of: Connectable
  readonly name: string
  readonly destinationId: string
  readonly onClose: () => void
}

function Remove({ of, name, destinationId, onClose }: RemoveProps) {
  const { remove } = useConnectionChanges(of)
  return (
    <Confirm
      isOpen
      title={`Remove the connection to ${name}?`}
      action="Remove it"
      onConfirm={() => remove(destinationId)}
      onClose={onClose}
    >
      <p>
        {name} is told of nothing more, and keeps what it has been told. The settings of the connection and its counts
        are gone. To disconnect keeps them.
      </p>
    </Confirm>
  )
}
