/** The second way to begin: own events, with the key that they need, until the first of them has come. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { clock } from '../../parts/format.ts'
import { Segmented } from '../../parts/segmented.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import type { SourceAnswer } from './answers.ts'
import { useFirstCall } from './first-call.ts'
import { type Client, Snippet, snippetOf } from './snippet.tsx'

const CLIENTS = [
  { id: 'browser', text: 'Browser' },
  { id: 'node', text: 'Node' },
  { id: 'curl', text: 'curl' },
] as const

export function OwnEvents() {
  const spaceId = useSpaceId()
  const { data, error, refetch } = useQuery({
    queryKey: ['sources', spaceId],
    queryFn: async () => {
      const asked = api.GET('/spaces/{spaceId}/sources', { params: { path: { spaceId } } })
      return (await answeredData<{ sources: SourceAnswer[] }>(asked)).sources
    },
  })
  const source = data?.find(({ writeKeys }) => writeKeys.length > 0)
  return (
    <section className="card opt" aria-labelledby="own-events">
      <h3 id="own-events">Your own events</h3>
      <p>Any of Segment’s SDKs: change its host, keep the rest.</p>
      {error && <Failed error={error} again={() => void refetch()} />}
      {!data && !error && <Loading rows={3} />}
      {data && !source && (
        <p>
          No source has a write key. <SourcesLink /> makes one.
        </p>
      )}
      {source && <Sending source={source} writeKey={source.writeKeys[0]!.key} />}
    </section>
  )
}

function SourcesLink() {
  return (
    <Link className="link" to="/sources">
      Sources
    </Link>
  )
}

function Sending({ source, writeKey }: { readonly source: SourceAnswer; readonly writeKey: string }) {
  const [client, choose] = useState<Client>('browser')
  const place = { writeKey, origin: location.origin }
  return (
    <>
      <div className="row own-tools">
        <Segmented label="Client" choices={CLIENTS} value={client} onChange={choose} />
        <span className="grow" />
        <CopyButton text={snippetOf(client, place)} label="Copy" />
      </div>
      <Snippet client={client} place={place} />
      <FirstCall sourceId={source.id} />
    </>
  )
}

/** Turns from listening into the first call. */
function FirstCall({ sourceId }: { readonly sourceId: string }) {
  const { state, call } = useFirstCall(sourceId)
  return (
    <div className="row first-call" role="status">
      {call ? (
        <>
          <span className={call.rejected === undefined ? 'st' : 'st bad'}>
            {call.rejected === undefined ? 'First call' : 'Refused'}
          </span>
          <b className="trunc">{call.name}</b>
          <time className="dim">{clock(call.at)}</time>
          {call.rejected !== undefined && <span className="mut">{call.rejected}</span>}
          <Link className="link" to="/sources/$sourceId" params={{ sourceId }}>
            Watch all calls
          </Link>
        </>
      ) : (
        <span className={state === 'broken' ? 'st off' : 'st run'}>
          {state === 'broken' ? 'Not connected; trying again' : 'Listening: no call yet'}
        </span>
      )}
    </div>
  )
}
