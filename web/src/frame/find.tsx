/** Find or go to (⌘K): pages, audiences, traits and destinations by name; a person by an id, which stays in this page. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Autocomplete, Dialog, Input, Menu, MenuItem, Modal, ModalOverlay, SearchField } from 'react-aria-components'
import { findProfile } from '../api/find-profile.ts'
import { answeredData, api } from '../api/client.ts'
import { useSpaceId } from '../api/session.ts'

const OPEN = 'rollcall:find'
const SHOWN_MAX = 12
const PAGES = [
  { id: '/', text: 'Audiences' },
  { id: '/traits', text: 'Computed traits' },
  { id: '/profiles', text: 'Profiles' },
  { id: '/accounts', text: 'Accounts' },
  { id: '/destinations', text: 'Destinations' },
  { id: '/sources', text: 'Sources' },
  { id: '/live', text: 'Live' },
  { id: '/settings', text: 'Settings' },
  { id: '/audiences/new', text: 'New audience' },
  { id: '/traits/new', text: 'New computed trait' },
]

interface Named {
  readonly id: string
  readonly name: string
}

export function FindButton() {
  return (
    <button
      className="find"
      type="button"
      onClick={() => {
        document.dispatchEvent(new Event(OPEN))
      }}
    >
      <Search className="i" aria-hidden="true" />
      Find or go to
      <kbd aria-hidden="true">⌘K</kbd>
    </button>
  )
}

export function Find() {
  const [isShown, show] = useState(false)
  useEffect(() => {
    const open = (): void => {
      show(true)
    }
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'k' || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      open()
    }
    document.addEventListener('keydown', onKey)
    document.addEventListener(OPEN, open)
    return () => {
      document.removeEventListener('keydown', onKey)
      document.removeEventListener(OPEN, open)
    }
  }, [])
  return (
    <ModalOverlay className="overlay top" isOpen={isShown} onOpenChange={show} isDismissable>
      <Modal className="modal find-box">
        <Dialog aria-label="Find or go to">
          <FindList
            close={() => {
              show(false)
            }}
          />
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function FindList({ close }: { readonly close: () => void }) {
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const named = useQuery({ queryKey: ['find', spaceId, text], queryFn: () => findNamed(spaceId, text) })
  const person = useQuery({
    queryKey: ['find a person', spaceId, text],
    queryFn: () => findProfile(spaceId, text),
    enabled: text.trim().length > 2,
    // It names somebody: nothing of it is kept.
    gcTime: 0,
  })
  const pages = PAGES.filter(({ text: name }) => name.toLowerCase().includes(text.toLowerCase()))
  const people = (person.data ?? []).map(({ id, collection }) => ({
    id: `/${collection === 'users' ? 'profiles' : 'accounts'}/${id}`,
    text: `${collection === 'users' ? 'Profile' : 'Account'} with this id`,
  }))
  return (
    <Autocomplete inputValue={text} onInputChange={setText}>
      <SearchField aria-label="Find or go to" autoFocus className="find-field">
        <Input placeholder="An audience, a page, or any id of a person" />
      </SearchField>
      <Menu
        aria-label="Found"
        className="pop-list"
        renderEmptyState={() => <p className="dim pad">Nothing has this name or id.</p>}
        onAction={(key) => {
          close()
          void navigate({ to: String(key) as '/' })
        }}
      >
        {[...people, ...(named.data ?? []), ...pages].slice(0, SHOWN_MAX).map((found) => (
          <MenuItem key={found.id} id={found.id} textValue={found.text}>
            {found.text}
          </MenuItem>
        ))}
      </Menu>
    </Autocomplete>
  )
}

async function findNamed(spaceId: string, text: string): Promise<{ id: string; text: string }[]> {
  const path = { spaceId }
  const query = { 'search[type]': 'NAME', 'search[query]': text } as const
  const named = text.trim() === '' ? undefined : query
  const [audiences, traits, destinations] = await Promise.all([
    answeredData<{ audiences: Named[] }>(
      api.GET('/spaces/{spaceId}/audiences', { params: { path, ...(named && { query: named }) } }),
    ),
    answeredData<{ computedTraits: Named[] }>(
      api.GET('/spaces/{spaceId}/computed-traits', { params: { path, ...(named && { query: named }) } }),
    ),
    answeredData<{ destinations: Named[] }>(api.GET('/spaces/{spaceId}/destinations', { params: { path } })),
  ])
  const known = destinations.destinations.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()))
  return [
    ...audiences.audiences.map(({ id, name }) => ({ id: `/audiences/${id}`, text: name })),
    ...traits.computedTraits.map(({ id, name }) => ({ id: `/traits/${id}`, text: name })),
    ...known.map(({ id, name }) => ({ id: `/destinations/${id}`, text: name })),
  ]
}
