/** A download of everything that is held about a profile, as one JSON file: it is put together in the browser. */
import { Download } from 'lucide-react'
import { useState } from 'react'
import { answered, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { Failed } from '../../parts/states.tsx'
import type { Listed } from './answers.ts'
import { EVER, type Shown } from './profile-queries.ts'

const ENTRIES_A_PAGE = '100'
const TRAITS_A_PAGE = '200'
const INDENT = 2

export function EverythingHeld({ shown }: { readonly shown: Shown }) {
  const spaceId = useSpaceId()
  const [isBusy, setBusy] = useState(false)
  const [error, fail] = useState<Error>()
  const download = async (): Promise<void> => {
    setBusy(true)
    fail(undefined)
    try {
      save(`${shown.id}.json`, JSON.stringify(await everythingOf(spaceId, shown), null, INDENT))
    } catch (cause) {
      fail(cause instanceof Error ? cause : new Error(String(cause)))
    }
    setBusy(false)
  }
  return (
    <>
      <button type="button" className="btn" disabled={isBusy} onClick={() => void download()}>
        <Download className="i s" aria-hidden="true" />
        {isBusy ? 'Reading…' : 'Everything held'}
      </button>
      {error && <Failed error={error} again={() => void download()} />}
    </>
  )
}

/** Reads all pages of all that the Profile API shows of a profile. */
async function everythingOf(spaceId: string, { collection, id }: Shown): Promise<object> {
  const path = { space: spaceId, collection, identifier: id }
  const params = { path }
  const more = (next: string | undefined) => next !== undefined && { next }
  const { metadata } = await answered<{ metadata: unknown }>(
    api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/metadata', { params }),
  )
  const ids = await allOf((next) =>
    answered<Listed<unknown>>(
      api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/external_ids', {
        params: { path, query: { limit: ENTRIES_A_PAGE, ...more(next) } },
      }),
    ),
  )
  const links = await allOf((next) =>
    answered<Listed<unknown>>(
      api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/links', {
        params: { path, query: { ...more(next) } },
      }),
    ),
  )
  const events = await allOf((next) =>
    answered<Listed<unknown>>(
      api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/events', {
        params: { path, query: { limit: ENTRIES_A_PAGE, start: EVER, ...more(next) } },
      }),
    ),
  )
  const traits = await allOf(async (next) => {
    const answer = await answered<Pick<Listed<unknown>, 'cursor'> & { traits: Record<string, unknown> }>(
      api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/traits', {
        params: { path, query: { limit: TRAITS_A_PAGE, verbose: 'true', ...more(next) } },
      }),
    )
    return { data: Object.entries(answer.traits), cursor: answer.cursor }
  })
  const { data: history } = await answered<Listed<unknown>>(
    api.GET('/v1/spaces/{space}/collections/{collection}/profiles/{identifier}/history', { params }),
  )
  return { id, metadata, external_ids: ids, traits: Object.fromEntries(traits), links, history, events }
}

async function allOf<Entry>(
  read: (next: string | undefined) => Promise<Pick<Listed<Entry>, 'data' | 'cursor'>>,
): Promise<readonly Entry[]> {
  const all: Entry[] = []
  let next: string | undefined
  do {
    const { data, cursor } = await read(next)
    for (const entry of data) all.push(entry)
    next = cursor.has_more ? cursor.next : undefined
  } while (next !== undefined)
  return all
}

/** Has the browser save a text as a file. */
function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
