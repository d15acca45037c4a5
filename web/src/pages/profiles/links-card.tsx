/** The accounts of a person, or the users of an account. An admin may take a user out of an account. */
import { useQueryClient } from '@tanstack/react-query'
import { Unlink } from 'lucide-react'
import { useState } from 'react'
import { answered, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { count } from '../../parts/format.ts'
import { ProfileLink } from '../../parts/profile-link.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import type { LinkAnswer } from './answers.ts'
import { bestId, nameOf } from './names.ts'
import { profileKey, type Shown, useLinks, useNameTraits } from './profile-queries.ts'

const TITLES = { users: 'Accounts', accounts: 'Users' } as const
const NOTHING = {
  users: 'In no account: group calls say who belongs to one.',
  accounts: 'Nobody belongs to it now.',
} as const

export function LinksCard({ shown }: { readonly shown: Shown }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useLinks(shown)
  const links = data?.pages.flatMap((page) => page.data)
  const title = TITLES[shown.collection]
  return (
    <section className="card" aria-label={title}>
      <div className="hd">
        <h2>{title}</h2>
        <span className="grow" />
        {links && <span className="dim">{`${count(links.length)}${hasNextPage ? ' and more' : ''}`}</span>}
      </div>
      {links ? (
        <ul className="links">
          {links.length === 0 && <li className="dim">{NOTHING[shown.collection]}</li>}
          {links.map((link) => (
            <Linked key={link.id} shown={shown} link={link} />
          ))}
        </ul>
      ) : error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : (
        <Loading rows={1} />
      )}
      {hasNextPage && (
        <button
          className="btn quiet more"
          type="button"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {`More ${title.toLowerCase()}`}
        </button>
      )}
    </section>
  )
}

function Linked({ shown, link }: { readonly shown: Shown; readonly link: LinkAnswer }) {
  const mayUnlink = useMay('admin')
  const [isAsking, ask] = useState(false)
  const unlink = useUnlinking(shown)
  const best = bestId(link.external_ids)
  const { id } = link
  const { data: traits } = useNameTraits({
    collection: 'accounts',
    id: link.to_collection === 'accounts' ? id : undefined,
  })
  const name = nameOf(traits ?? {}) ?? best?.id ?? 'without an id'
  return (
    <li>
      <span className="trunc grow">
        <ProfileLink id={id}>{name}</ProfileLink>
      </span>
      {mayUnlink && (
        <>
          <button
            className="btn quiet icon sm"
            type="button"
            aria-label={shown.collection === 'users' ? `Leave account ${name}` : `Take ${name} out of this account`}
            onClick={() => {
              ask(true)
            }}
          >
            <Unlink className="i s" aria-hidden="true" />
          </button>
          <Confirm
            isOpen={isAsking}
            title="Take this user out of the account?"
            action="Take out"
            onConfirm={() => unlink(id)}
            onClose={() => {
              ask(false)
            }}
          >
            <p>
              What the user did no longer counts for the account, and its audiences no longer count for the user.
              Another group call brings the user back.
            </p>
          </Confirm>
        </>
      )}
    </li>
  )
}

/** Returns a function that takes back that a user and an account belong together, by the id of the other one. */
function useUnlinking(shown: Shown): (other: string) => Promise<void> {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  return async (other) => {
    const [identifier, user] = shown.collection === 'accounts' ? [shown.id, other] : [other, shown.id]
    const path = { space: spaceId, identifier, user }
    await answered(
      api.DELETE('/v1/spaces/{space}/collections/accounts/profiles/{identifier}/links/users/{user}', {
        params: { path },
      }),
    )
    await queries.invalidateQueries({ queryKey: profileKey(spaceId, shown) })
  }
}
