/** The people in an audience now, each with when it would leave by itself. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Check, Download, Tag } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { answeredData, api } from '../../api/client.ts'
import { type Received, useEachTransition, useFeed } from '../../api/feed.ts'
import { useSpaceId } from '../../api/session.ts'
import type { AudienceAnswer } from '../../api/answers.ts'
import { dayAndClock, nameOfProfile, valueText } from '../../parts/format.ts'
import { ProfileLink, profileRoute } from '../../parts/profile-link.tsx'
import { type Column, Rows } from '../../parts/rows.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { Member } from '../audiences/answers.ts'
import { useIsPhone } from '../audiences/phone.ts'
import { CsvDownload } from './csv-download.tsx'
import { useObservedTraits } from './queries.ts'

const PAGE = '100'
const SHOWN_TRAITS_MAX = 4
/** The trait that people are called by where they have it. */
const NAME = 'name'
/** Pages that are read anew when somebody enters or leaves, at most so often. */
const PAGES_AGAIN_MAX = 3
const AGAIN_MS = 2_000

interface MembersPage {
  readonly members: readonly Member[]
  readonly pagination: { readonly next?: string }
}

export function People({ audience }: { readonly audience: AudienceAnswer }) {
  const { id, audienceType } = audience
  const [traits, setTraits] = useState<readonly string[]>([])
  const [isDownloading, setDownloading] = useState(false)
  const isPhone = useIsPhone()
  const members = useMembers(id, traits)
  const rows = members.data?.pages.flatMap((page) => page.members)
  const types = [...new Set(rows?.flatMap(({ externalIds }) => externalIds.map(({ type }) => type)))]
  const navigate = useNavigate()
  return (
    <>
      <div className="tools">
        <TraitsMenu type={audienceType} chosen={traits} onChange={setTraits} />
        <span className="grow" />
        <button
          type="button"
          className="btn"
          aria-expanded={isDownloading}
          onClick={() => {
            setDownloading(!isDownloading)
          }}
        >
          <Download className="i s" aria-hidden="true" />
          Download CSV
        </button>
      </div>
      {isDownloading && <CsvDownload audience={audience} types={types} />}
      {members.error && <Failed error={members.error} again={() => void members.refetch()} />}
      {!rows && !members.error && <Loading rows={10} />}
      {rows?.length === 0 && (
        <Empty title="Nobody is in it now.">
          {audience.status !== 'Live' && <p>It has people once it is live.</p>}
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <div className="people-rows">
          <Rows
            label={audienceType === 'USERS' ? 'People' : 'Accounts'}
            rows={rows}
            keyOf={(member) => member.id}
            columns={columnsOf(traits, isPhone)}
            onOpen={({ segmentId }) => void navigate(profileRoute(segmentId))}
            onEnd={members.more}
          />
        </div>
      )}
    </>
  )
}

function columnsOf(traits: readonly string[], isPhone: boolean): readonly Column<Member>[] {
  const until: Column<Member> = {
    title: 'Until',
    width: isPhone ? '112px' : '190px',
    cell: (member) => (member.until ? dayAndClock(member.until) : <span className="dim">stays</span>),
  }
  const chosen = traits.map((name) => ({
    title: name,
    width: 'minmax(0,0.5fr)',
    isExtra: true,
    cell: ({ traits: { [name]: value } }: Member) => (
      <div className="trunc">{value === undefined ? <span className="dim">none</span> : valueText(value)}</div>
    ),
  }))
  const person: Column<Member> = {
    title: 'Who',
    width: 'minmax(0,1fr)',
    cell: (member) => <Who member={member} />,
  }
  return isPhone ? [person, until] : [person, ...chosen, until]
}

function Who({ member: { id, segmentId, traits } }: { readonly member: Member }) {
  const name = traits[NAME]
  return (
    <>
      <ProfileLink id={segmentId} className="nm trunc" isInRow>
        {typeof name === 'string' ? name : nameOfProfile(id)}
      </ProfileLink>
      {typeof name === 'string' && <div className="dim trunc">{nameOfProfile(id)}</div>}
    </>
  )
}

function useMembers(id: string, traits: readonly string[]) {
  const spaceId = useSpaceId()
  const asked = [...new Set([NAME, ...traits])].join(',')
  const members = useInfiniteQuery({
    queryKey: ['members', spaceId, id, asked],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, traits: asked, ...(pageParam && { next: pageParam }) }
      const params = { path: { spaceId, id }, query }
      return answeredData<MembersPage>(api.GET('/spaces/{spaceId}/audiences/{id}/members', { params, signal }))
    },
    initialPageParam: '',
    getNextPageParam: ({ pagination: { next } }) => next,
    placeholderData: (before) => before,
  })
  const { fetchNextPage, hasNextPage, isFetching, refetch } = members
  const more = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage()
  }, [fetchNextPage, hasNextPage, isFetching])
  const isShort = (members.data?.pages.length ?? 0) <= PAGES_AGAIN_MAX
  useMoved(id, refetch, isShort)
  return { ...members, more }
}

/** Reads the members anew some time after somebody has entered or left. */
function useMoved(id: string, refetch: () => Promise<unknown>, isOn: boolean): void {
  const spaceId = useSpaceId()
  const [moves, setMoves] = useState(0)
  useFeed(spaceId)
  const onMove = useCallback(
    ({ audienceId, type }: Received) => {
      if (audienceId === id && type !== 'trait') setMoves((before) => before + 1)
    },
    [id],
  )
  useEachTransition(spaceId, onMove)
  const isWaiting = isOn && moves > 0
  useEffect(() => {
    if (!isWaiting) return undefined
    const timer = setTimeout(() => {
      setMoves(0)
      void refetch()
    }, AGAIN_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [isWaiting, refetch])
}

interface TraitsMenuProps {
  readonly type: AudienceAnswer['audienceType']
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
}

function TraitsMenu({ type, chosen, onChange }: TraitsMenuProps) {
  const { data: names = [] } = useObservedTraits(type)
  return (
    <MenuTrigger>
      <Button className="btn quiet sm hide-s">
        <Tag className="i" aria-hidden="true" />
        {chosen.length === 0 ? 'Show traits' : chosen.join(', ')}
      </Button>
      <Popover className="pop menu">
        <Menu
          aria-label="Traits"
          selectionMode="multiple"
          selectedKeys={chosen}
          disabledKeys={chosen.length < SHOWN_TRAITS_MAX ? [] : names.filter((name) => !chosen.includes(name))}
          onSelectionChange={(keys) => {
            if (keys !== 'all') onChange([...keys].map(String))
          }}
          renderEmptyState={() => <p className="dim pad">No trait has come yet.</p>}
        >
          {names
            .filter((name) => name !== NAME)
            .map((name) => (
              <MenuItem key={name} id={name} textValue={name}>
                <span className="grow">{name}</span>
                {chosen.includes(name) && <Check className="i s" aria-hidden="true" />}
              </MenuItem>
            ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
