/** The pages of all people and of all accounts: a search by any id, and the list. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { answered, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { isTyping } from '../../frame/keys.tsx'
import { Page } from '../../frame/page.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { Collection, Listed, ProfileAnswer } from './answers.ts'
import { FoundProfiles } from './found-profiles.tsx'
import { ProfileRows } from './profile-rows.tsx'
import './profiles.css'

const PROFILES_A_PAGE = 100
/** Whoever types is let finish a word. */
const SETTLED_MS = 200

const WORDS = {
  users: {
    title: 'Profiles',
    placeholder: 'Any id of a person, or how it begins',
    empty: 'Nobody has been heard of yet.',
    hint: 'Calls from a source bring people: the page of a source shows how to send them.',
  },
  accounts: {
    title: 'Accounts',
    placeholder: 'A group id, or how it begins',
    empty: 'No account has been heard of yet.',
    hint: 'Group calls bring accounts, and say who belongs to them.',
  },
} as const

export function ProfilesPage() {
  return <Collected key="users" collection="users" />
}

export function AccountsPage() {
  return <Collected key="accounts" collection="accounts" />
}

function Collected({ collection }: { readonly collection: Collection }) {
  const [text, setText] = useState('')
  const sought = useSettled(text.trim())
  const field = useSlashKey()
  const words = WORDS[collection]
  return (
    <Page title={words.title}>
      <div className="tools">
        <label className="profile-search">
          <Search className="i" aria-hidden="true" />
          <span className="vh">{words.placeholder}</span>
          <input
            ref={field}
            className="field"
            type="search"
            autoComplete="off"
            spellCheck={false}
            placeholder={words.placeholder}
            value={text}
            onChange={({ target }) => {
              setText(target.value)
            }}
          />
        </label>
        <span className="dim hide-s">Sent in the body of a request: no address and no log has it.</span>
      </div>
      {text.trim() === '' || sought === '' ? (
        <All collection={collection} />
      ) : (
        <FoundProfiles key={sought} collection={collection} sought={sought} />
      )}
    </Page>
  )
}

function All({ collection }: { readonly collection: Collection }) {
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  const words = WORDS[collection]
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['profiles', spaceId, collection],
    queryFn: ({ pageParam }) => {
      const path = { space: spaceId, collection }
      const query = { limit: String(PROFILES_A_PAGE), ...(pageParam && { next: pageParam }) }
      return answered<Listed<ProfileAnswer>>(
        api.GET('/v1/spaces/{space}/collections/{collection}/profiles', { params: { path, query } }),
      )
    },
    initialPageParam: '',
    getNextPageParam: ({ cursor }) => (cursor.has_more ? cursor.next : undefined),
  })
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  if (!data) return error ? <Failed error={error} again={() => void refetch()} /> : <Loading rows={10} />
  const profiles = data.pages.flatMap((page) => page.data)
  if (profiles.length === 0)
    return (
      <Empty title={words.empty}>
        <p>{words.hint}</p>
        <button className="btn" type="button" onClick={() => void navigate({ to: '/sources' })}>
          Go to the sources
        </button>
      </Empty>
    )
  return <ProfileRows collection={collection} profiles={profiles} onEnd={onEnd} />
}

/** Returns a text once it has not changed for a moment. */
function useSettled(text: string): string {
  const [settled, settle] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => {
      settle(text)
    }, SETTLED_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [text])
  return settled
}

/** Returns a reference to a field that the key / goes to. */
function useSlashKey() {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== '/' || isTyping(event.target) || event.metaKey || event.ctrlKey || event.altKey) return
      event.preventDefault()
      field.current?.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('keydown', onKey)
    }
  }, [])
  return field
}
