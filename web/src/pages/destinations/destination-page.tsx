/** A destination: what becomes of its deliveries, its settings, and the requests that it makes. */
import { useMutation } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { Page } from '../../frame/page.tsx'
import { answeredData, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { ActionsMenu } from '../../parts/actions-menu.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { clock, count } from '../../parts/format.ts'
import { Segmented } from '../../parts/segmented.tsx'
import { mayLeave } from '../../parts/use-unsaved.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import type { Asked, DestinationAnswer } from './answers.ts'
import { Deliveries } from './deliveries.tsx'
import './destinations.css'
import { useChanged, useDestination, useOverview, useType } from './queries.ts'
import { adviceFor } from './reasons.ts'
import { RequestsPart } from './requests-part.tsx'
import { SettingsPart } from './settings-part.tsx'
import { DestinationStatus } from './status.tsx'

const PARENT = { to: '/destinations', text: 'Destinations' } as const

export function DestinationPage() {
  const { destinationId } = useParams({ from: '/destinations/$destinationId' })
  const { data: destination, error, refetch } = useDestination(destinationId)
  return (
    <Page title={destination?.name ?? 'Destination'} parent={PARENT}>
      {!destination && <h1 className="page-title">Destination</h1>}
      {error && <Failed error={error} again={() => void refetch()} />}
      {!destination && !error && <Loading rows={6} />}
      {destination && <Whole key={destinationId} destination={destination} />}
    </Page>
  )
}

const PARTS = [
  { id: 'deliveries', text: 'Deliveries' },
  { id: 'settings', text: 'Settings' },
  { id: 'requests', text: 'Requests' },
] as const
type Part = (typeof PARTS)[number]['id']

function Whole({ destination }: { readonly destination: DestinationAnswer }) {
  const mayChange = useMay('editor')
  const { data: type } = useType(destination.metadata.slug)
  const [part, choose] = useState<Part>(destination.missingSettings ? 'settings' : 'deliveries')
  const missing = destination.missingSettings ?? []
  // To ask a tool for a request is a change's first half: viewers may not.
  const parts = mayChange ? PARTS : PARTS.slice(0, 2)
  return (
    <>
      <Head destination={destination} />
      {missing.length > 0 && (
        <p className="next">Some settings are missing, so that it is paused: {missing.join(', ')}.</p>
      )}
      <Segmented
        className="parts"
        label="Part of the destination"
        choices={parts}
        value={part}
        onChange={(chosen) => {
          if (mayLeave()) choose(chosen)
        }}
      />
      {part === 'deliveries' && <Deliveries destination={destination} />}
      {part !== 'deliveries' && !type && <Loading rows={6} />}
      {part === 'settings' && type && <SettingsPart destination={destination} type={type} />}
      {part === 'requests' && type && <RequestsPart destination={destination} type={type} />}
    </>
  )
}

function Head({ destination }: { readonly destination: DestinationAnswer }) {
  const { id, name, enabled, metadata } = destination
  const mayChange = useMay('editor')
  const { data: known } = useOverview(id)
  const [isDeleting, askToDelete] = useState(false)
  const test = useTest(id)
  const pause = useSwitch(destination)
  const problem = pause.error ?? test.error
  return (
    <>
      <div className="who">
        <span className="av" aria-hidden="true">
          {metadata.name.slice(0, 1).toUpperCase()}
        </span>
        <div className="grow">
          <h1 className="trunc">{name}</h1>
          <div className="row wraps mut">
            {metadata.name} <DestinationStatus destination={destination} known={known} />
          </div>
        </div>
        {mayChange && (
          <HeadActions
            isOn={enabled}
            isBusy={test.isPending || pause.isPending}
            test={() => {
              test.mutate()
            }}
            pause={() => {
              pause.mutate()
            }}
            remove={() => {
              askToDelete(true)
            }}
          />
        )}
      </div>
      <div role="status">{test.data && <TestResult {...test.data} />}</div>
      <p className="problem" role="alert">
        {problem?.message}
      </p>
      <DeleteDestination
        destination={destination}
        isOpen={isDeleting}
        onClose={() => {
          askToDelete(false)
        }}
      />
    </>
  )
}

interface HeadActionsProps {
  readonly isOn: boolean
  readonly isBusy: boolean
  readonly test: () => void
  readonly pause: () => void
  readonly remove: () => void
}

function HeadActions({ isOn, isBusy, test, pause, remove }: HeadActionsProps) {
  const pausing = isOn ? 'Pause' : 'Resume'
  return (
    <>
      <button className="btn" type="button" disabled={isBusy} onClick={test}>
        Test
      </button>
      <button className="btn hide-s" type="button" disabled={isBusy} onClick={pause}>
        {pausing}
      </button>
      <ActionsMenu
        label="More"
        actions={[
          { text: pausing, run: pause },
          { text: 'Delete', isDanger: true, run: remove },
        ]}
      />
    </>
  )
}

interface Tested {
  readonly at: number
  readonly result: Asked<object>
}

function TestResult({ at, result }: Tested) {
  if (result.status === 'SUCCESS') return <p className="tested ok">{clock(at)} The settings work.</p>
  return (
    <p className="tested">
      {clock(at)} <b>{result.message}</b> {adviceFor(result.reason)}
    </p>
  )
}

function useTest(id: string) {
  const spaceId = useSpaceId()
  return useMutation({
    mutationFn: async (): Promise<Tested> => {
      const asked = api.POST('/spaces/{spaceId}/destinations/{id}/test', { params: { path: { spaceId, id } } })
      return { result: await answeredData<Asked<object>>(asked), at: Date.now() }
    },
  })
}

function useSwitch({ id, enabled }: DestinationAnswer) {
  const spaceId = useSpaceId()
  const changed = useChanged(id)
  const params = { path: { spaceId, id } }
  return useMutation({
    mutationFn: () =>
      answeredData<unknown>(
        enabled
          ? api.POST('/spaces/{spaceId}/destinations/{id}/pause', { params })
          : api.POST('/spaces/{spaceId}/destinations/{id}/resume', { params }),
      ),
    onSuccess: changed,
  })
}

interface DeleteProps {
  readonly destination: DestinationAnswer
  readonly isOpen: boolean
  readonly onClose: () => void
}

function DeleteDestination({ destination: { id, name }, isOpen, onClose }: DeleteProps) {
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  const changed = useChanged()
  const { data: known } = useOverview(id)
  const connected = known?.connections ?? []
  const remove = async (): Promise<void> => {
    await answeredData(api.DELETE('/spaces/{spaceId}/destinations/{id}', { params: { path: { spaceId, id } } }))
    await changed()
    await navigate({ to: '/destinations' })
  }
  return (
    <Confirm
      isOpen={isOpen}
      title={`Delete ${name}?`}
      action="Delete destination"
      isAllowed={connected.length === 0}
      onConfirm={remove}
      onClose={onClose}
    >
      {connected.length > 0 ? (
        <p>
          {count(connected.length)} {connected.length === 1 ? 'is' : 'are'} connected to it:{' '}
          {connected.map(({ key }) => key).join(', ')}. Disconnect {connected.length === 1 ? 'it' : 'them'} first.
        </p>
      ) : (
        <p>Its settings and its failed deliveries are gone then. What the tool itself holds stays there.</p>
      )}
    </Confirm>
  )
}
