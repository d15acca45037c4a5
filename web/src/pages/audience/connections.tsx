/** The destinations that are told of an audience or a computed trait, and how. */
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '../../api/session.ts'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { ConnectionAnswer, ListedDestination } from '../audiences/answers.ts'
import { useDestinations } from '../audiences/queries.ts'
import { ConnectionCard } from './connection-card.tsx'
import { ConnectionForm, NEW_CONNECTION } from './connection-form.tsx'
import { type ConnectionsProps, useConnectionChanges, useConnections } from './connection-queries.ts'
import './audience.css'

export function Connections({ of, type }: ConnectionsProps) {
  const connections = useConnections(of)
  const destinations = useDestinations()
  const mayEdit = useMay('editor')
  const error = connections.error ?? destinations.error
  if (error)
    return <Failed error={error} again={() => void Promise.all([connections.refetch(), destinations.refetch()])} />
  if (!connections.data || !destinations.data) return <Loading rows={4} />
  return (
    <>
      {connections.data.length === 0 && (
        <Empty title="No destination is told of it.">
          <p>
            {of.kind === 'audiences'
              ? 'Connect one, and it hears of everybody who is in it now, and then of everybody who enters or leaves.'
              : 'Connect one, and it hears of everybody’s value now, and then of each that changes.'}
          </p>
        </Empty>
      )}
      {connections.data.map((connection) => (
        <ConnectionCard
          key={connection.id}
          of={of}
          type={type}
          connection={connection}
          destination={destinations.data.find(({ id }) => id === connection.destination.id)}
        />
      ))}
      {mayEdit && <Connect of={of} type={type} connections={connections.data} destinations={destinations.data} />}
    </>
  )
}

interface ConnectProps extends ConnectionsProps {
  readonly connections: readonly ConnectionAnswer[]
  readonly destinations: readonly ListedDestination[]
}

function Connect({ of, type, connections, destinations }: ConnectProps) {
  const [chosen, choose] = useState('')
  const { connect } = useConnectionChanges(of)
  const taken = new Set(connections.map(({ destination }) => destination.type))
  const free = destinations.filter(({ metadata }) => !taken.has(metadata.slug))
  const destination = free.find(({ id }) => id === chosen)
  return (
    <section className="card connect" aria-labelledby="connect">
      <div className="hd">
        <h2 id="connect">Connect a destination</h2>
      </div>
      {free.length === 0 ? (
        <NoneFree isNone={destinations.length === 0} />
      ) : (
        <Choice free={free} chosen={chosen} onChoose={choose} />
      )}
      {destination && (
        <ConnectionForm
          key={destination.id}
          kind={of.kind}
          type={type}
          isList={destination.metadata.kind === 'list'}
          initial={NEW_CONNECTION}
          action={
            <>
              <Plus className="i s" aria-hidden="true" /> Connect {destination.name}
            </>
          }
          onSave={async (change) => {
            await connect(destination.id, change)
            choose('')
          }}
          onCancel={() => {
            choose('')
          }}
        />
      )}
    </section>
  )
}

function NoneFree({ isNone }: { readonly isNone: boolean }) {
  return (
    <p className="connect-none mut">
      {isNone
        ? 'There is no destination yet.'
        : 'All destinations are of types that are connected; there can be one of each.'}{' '}
      <Link className="link" to="/destinations">
        Destinations
      </Link>
    </p>
  )
}

interface ChoiceProps {
  readonly free: readonly ListedDestination[]
  readonly chosen: string
  readonly onChoose: (id: string) => void
}

function Choice({ free, chosen, onChoose }: ChoiceProps) {
  return (
    <div className="connect-choice">
      <label>
        <span className="label">Destination</span>
        <select
          className="field"
          value={chosen}
          onChange={({ target }) => {
            onChoose(target.value)
          }}
        >
          <option value="">Choose one</option>
          {free.map(({ id, name, metadata }) => (
            <option key={id} value={id}>
              {name} ({metadata.name})
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
