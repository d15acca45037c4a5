/** The pages of one person and of one account: what they have, what they are in and why, and what has happened. */
import { Navigate, useLocation, useParams } from '@tanstack/react-router'
import { Page } from '../../frame/page.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { Collection, ProfileAnswer } from './answers.ts'
import { EventsCard } from './events-card.tsx'
import { HistoryCard } from './history-card.tsx'
import { IdsCard } from './ids-card.tsx'
import { LinksCard } from './links-card.tsx'
import { bestId, nameOf } from './names.ts'
import { useLiveProfile } from './profile-feed.ts'
import { ProfileHead } from './profile-head.tsx'
import { type Shown, useProfileOf, useTraits } from './profile-queries.ts'
import { Reasons } from './reasons.tsx'
import { TraitsCard } from './traits-card.tsx'
import './profiles.css'

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** The segment id of a profile that was united with the one that is shown. */
    unitedFrom?: string
  }
}

const PARENTS = {
  users: { to: '/profiles', text: 'Profiles' },
  accounts: { to: '/accounts', text: 'Accounts' },
} as const
const SEGMENT_IDS = { users: /^use_\w+$/, accounts: /^acc_\w+$/ } as const

export function ProfilePage() {
  const { profileId } = useParams({ from: '/profiles/$profileId' })
  return <OneProfile key={profileId} collection="users" id={profileId} />
}

export function AccountPage() {
  const { profileId } = useParams({ from: '/accounts/$profileId' })
  return <OneProfile key={profileId} collection="accounts" id={profileId} />
}

function OneProfile({ collection, id }: Shown) {
  return (
    <Page title={collection === 'users' ? 'Profile' : 'Account'} parent={PARENTS[collection]}>
      {SEGMENT_IDS[collection].test(id) ? (
        <FoundProfile collection={collection} id={id} />
      ) : (
        <NoProfile collection={collection} />
      )}
    </Page>
  )
}

function FoundProfile({ collection, id }: Shown) {
  const { data, error, refetch } = useProfileOf({ collection, id })
  if (data === undefined)
    return (
      <>
        <h1 className="vh">{collection === 'users' ? 'Profile' : 'Account'}</h1>
        {error ? <Failed error={error} again={() => void refetch()} /> : <Loading rows={8} />}
      </>
    )
  if (data === null) return <NoProfile collection={collection} />
  if (data.id === id) return <KnownProfile collection={collection} profile={data} />
  return (
    <Navigate
      to={collection === 'users' ? '/profiles/$profileId' : '/accounts/$profileId'}
      params={{ profileId: data.id }}
      state={{ unitedFrom: id }}
      replace
    />
  )
}

function NoProfile({ collection }: { readonly collection: Collection }) {
  return (
    <>
      <h1 className="vh">{collection === 'users' ? 'Profile' : 'Account'}</h1>
      <Empty title={`No ${collection === 'users' ? 'profile' : 'account'} has this id.`}>
        <p>It may have been deleted since. Any other id can be looked for in the list.</p>
      </Empty>
    </>
  )
}

interface KnownProfileProps {
  readonly collection: Collection
  readonly profile: ProfileAnswer
}

function KnownProfile({ collection, profile }: KnownProfileProps) {
  const shown = { collection, id: profile.id }
  useLiveProfile(shown)
  const { data: traits } = useTraits(shown)
  const unitedFrom = useLocation({ select: ({ state }) => state.unitedFrom })
  const id = bestId(profile.external_ids)
  const name = nameOf(traits?.all ?? {}) ?? id?.id ?? profile.id
  return (
    <>
      <ProfileHead shown={shown} name={name} id={id} />
      {unitedFrom !== undefined && (
        <p className="united" role="status">
          <span className="mono">{unitedFrom}</span> was united with this profile, which has all that it had.
        </p>
      )}
      <div className="profile-columns">
        <div className="profile-about">
          <IdsCard shown={shown} />
          <TraitsCard shown={shown} />
          <LinksCard shown={shown} />
        </div>
        <div className="profile-reasons">
          <Reasons shown={shown} name={name} />
        </div>
        <div className="profile-past">
          <HistoryCard shown={shown} />
          <EventsCard shown={shown} />
        </div>
      </div>
    </>
  )
}
