/** The destinations of a space with what becomes of what is sent to them; and the catalogue of what else there is. */
import { Link, useNavigate } from '@tanstack/react-router'
import { Page } from '../../frame/page.tsx'
import { count } from '../../parts/format.ts'
import { type Column, Rows } from '../../parts/rows.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { DestinationAnswer, OverviewAnswer } from './answers.ts'
import { Catalogue } from './catalogue.tsx'
import './destinations.css'
import { useDestinations, useOverviews } from './queries.ts'
import { DestinationStatus } from './status.tsx'

interface Row {
  readonly destination: DestinationAnswer
  readonly known: OverviewAnswer | undefined
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'Destination', width: 'minmax(0,1fr)', cell: (row) => <Name {...row} /> },
  { title: 'Status', width: '170px', cell: (row) => <DestinationStatus {...row} /> },
  {
    title: 'Waiting',
    width: '90px',
    isNumber: true,
    isExtra: true,
    cell: ({ known }) => known && count(waitingOf(known)),
  },
  { title: 'Failed', width: '90px', isNumber: true, isExtra: true, cell: (row) => <FailedCount {...row} /> },
  { title: 'Audiences and traits', width: '240px', isExtra: true, cell: (row) => <Connected {...row} /> },
]

export function DestinationsPage() {
  const { data, error, refetch } = useDestinations()
  return (
    <Page title="Destinations" note={data && <span className="dim">{count(data.length)} of your own</span>}>
      {error && <Failed error={error} again={() => void refetch()} />}
      {!data && !error && <Loading rows={2} />}
      {data?.length === 0 && (
        <Empty title="No tool is told of anything yet.">
          <p>Choose one from the catalogue below: a webhook, a list as CSV, or a tool by its name.</p>
        </Empty>
      )}
      {data && data.length > 0 && <Own destinations={data} />}
      <Catalogue />
    </Page>
  )
}

function Own({ destinations }: { readonly destinations: readonly DestinationAnswer[] }) {
  const navigate = useNavigate()
  const known = useOverviews(destinations.map(({ id }) => id))
  const rows = destinations.map((destination) => ({ destination, known: known.get(destination.id) }))
  return (
    <Rows
      label="Destinations"
      rows={rows}
      keyOf={({ destination }) => destination.id}
      columns={COLUMNS}
      onOpen={({ destination }) => {
        void navigate({ to: '/destinations/$destinationId', params: { destinationId: destination.id } })
      }}
    />
  )
}

function Name({ destination }: Row) {
  return (
    <>
      <Link
        className="nm trunc block-link"
        to="/destinations/$destinationId"
        params={{ destinationId: destination.id }}
        tabIndex={-1}
      >
        {destination.name}
      </Link>
      <div className="dim trunc">{destination.metadata.name}</div>
    </>
  )
}

function FailedCount({ known }: Row) {
  if (!known) return null
  const { total } = known.overview.failed
  return total > 0 ? <span className="failed-count">{count(total)}</span> : <span className="dim">0</span>
}

function Connected({ known }: Row) {
  if (!known) return null
  if (known.connections.length === 0) return <span className="dim">none</span>
  return <div className="trunc mut">{known.connections.map(({ key }) => key).join(', ')}</div>
}

/** Deliveries that are under way, to be tried again, or kept back. */
function waitingOf({ overview: { waiting, pendingRetry, held } }: OverviewAnswer): number {
  return waiting + pendingRetry + held
}
