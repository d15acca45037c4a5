/** A list of people or accounts by their ids, which opens their pages. */
import { useNavigate } from '@tanstack/react-router'
import { type Column, Rows } from '../../parts/rows.tsx'
import type { Collection, ProfileAnswer } from './answers.ts'
import { moment } from './instants.ts'
import { bestId, initialsOf } from './names.ts'

interface ProfileRowsProps {
  readonly collection: Collection
  readonly profiles: readonly ProfileAnswer[]
  readonly onEnd?: () => void
}

const IDS_SHOWN = 3

const COLUMNS: readonly Column<ProfileAnswer>[] = [
  { title: 'Name', width: 'minmax(0,1.1fr)', cell: (profile) => <NameCell profile={profile} /> },
  { title: 'Other ids', width: 'minmax(0,1.4fr)', isExtra: true, cell: (profile) => <OtherIds profile={profile} /> },
  {
    title: 'First seen',
    width: '124px',
    isNumber: true,
    isExtra: true,
    cell: ({ created_at: at }) => <span className="mut">{at ? moment(at) : 'not known'}</span>,
  },
  {
    title: 'Last heard of',
    width: '124px',
    isNumber: true,
    cell: ({ updated_at: at }) => <span className="mut">{at ? moment(at) : 'not known'}</span>,
  },
]

export function ProfileRows({ collection, profiles, onEnd }: ProfileRowsProps) {
  const navigate = useNavigate()
  return (
    <Rows
      label={collection === 'users' ? 'Profiles' : 'Accounts'}
      rows={profiles}
      keyOf={({ id }) => id}
      columns={COLUMNS}
      onOpen={({ id }) => {
        const to = collection === 'users' ? '/profiles/$profileId' : '/accounts/$profileId'
        void navigate({ to, params: { profileId: id } })
      }}
      {...(onEnd && { onEnd })}
    />
  )
}

function NameCell({ profile: { id, external_ids: ids } }: { readonly profile: ProfileAnswer }) {
  const best = bestId(ids)
  return (
    <div className="row">
      <span className="av" aria-hidden="true">
        {initialsOf(best?.id ?? '')}
      </span>
      <span className="profile-name">
        <span className="b trunc">{best?.id ?? id}</span>
        <span className="dim trunc">{best?.type ?? 'without an id'}</span>
      </span>
    </div>
  )
}

function OtherIds({ profile: { external_ids: ids } }: { readonly profile: ProfileAnswer }) {
  const best = bestId(ids)
  const others = ids.filter((id) => id !== best)
  return (
    <div className="row other-ids">
      {others.slice(0, IDS_SHOWN).map(({ type, id }) => (
        <span key={`${type}:${id}`} className="chip">
          <span className="dim">{type}</span> <span className="mono trunc">{id}</span>
        </span>
      ))}
      {others.length > IDS_SHOWN && <span className="dim">{`and ${others.length - IDS_SHOWN} more`}</span>}
    </div>
  )
}
