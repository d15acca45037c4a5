/** The head of a profile: who it is, when it was first and last heard of, and what can be done with it. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ExternalId } from '../../api/answers.ts'
import { answered, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { ActionsMenu } from '../../parts/actions-menu.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { day, dayAndClock } from '../../parts/format.ts'
import { EverythingHeld } from './everything-held.tsx'
import { initialsOf } from './names.ts'
import { foundKey, profileKey, type Shown, useMetadata } from './profile-queries.ts'

interface ProfileHeadProps {
  readonly shown: Shown
  readonly name: string
  /** Its best id. */
  readonly id: ExternalId | undefined
}

export function ProfileHead({ shown, name, id }: ProfileHeadProps) {
  const mayDelete = useMay('admin') && shown.collection === 'users'
  const [isAsking, ask] = useState(false)
  const { data: metadata } = useMetadata(shown)
  return (
    <div className="who">
      <span className="av" aria-hidden="true">
        {initialsOf(name)}
      </span>
      <div className="grow">
        <h1 className="trunc">{name}</h1>
        <ul className="who-facts mut">
          {id && id.id !== name && <li>{id.id}</li>}
          <li className="mono">{shown.id}</li>
          {metadata?.created_at && <li>first seen {day(metadata.created_at)}</li>}
          {metadata?.updated_at && <li>last heard of {dayAndClock(metadata.updated_at)}</li>}
          {metadata?.expires_at && <li>forgotten on {day(metadata.expires_at)} unless heard of again</li>}
        </ul>
      </div>
      <EverythingHeld shown={shown} />
      {mayDelete && (
        <>
          <ActionsMenu
            label="More of this person"
            actions={[
              {
                text: 'Delete this person…',
                isDanger: true,
                run: () => {
                  ask(true)
                },
              },
            ]}
          />
          <Deletion
            shown={shown}
            isOpen={isAsking}
            onClose={() => {
              ask(false)
            }}
          />
        </>
      )}
    </div>
  )
}

interface DeletionProps {
  readonly shown: Shown
  readonly isOpen: boolean
  readonly onClose: () => void
}

function Deletion({ shown, isOpen, onClose }: DeletionProps) {
  const spaceId = useSpaceId()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [isSuppressed, suppress] = useState(false)
  const remove = async (): Promise<void> => {
    const path = { space: spaceId, identifier: shown.id }
    const query = { suppress: String(isSuppressed) }
    await answered(
      api.DELETE('/v1/spaces/{space}/collections/users/profiles/{identifier}', { params: { path, query } }),
    )
    const found = foundKey(spaceId, shown)
    queries.setQueryData(found, null)
    const isOther = ({ queryKey }: { readonly queryKey: readonly unknown[] }): boolean =>
      queryKey.at(-1) !== found.at(-1)
    queries.removeQueries({ queryKey: profileKey(spaceId, shown), predicate: isOther })
    await navigate({ to: '/profiles' })
    await queries.invalidateQueries({ queryKey: ['profiles', spaceId] })
  }
  return (
    <Confirm
      isOpen={isOpen}
      title="Delete this person?"
      action="Delete this person"
      onConfirm={remove}
      onClose={onClose}
    >
      <p>
        They leave their audiences, and destinations are told so. Then nothing of them is kept here: no ids, no traits,
        no events. This cannot be taken back.
      </p>
      <label className="check">
        <input
          type="checkbox"
          checked={isSuppressed}
          onChange={({ target }) => {
            suppress(target.checked)
          }}
        />
        <span>Suppress their ids too: calls with any of them are dropped from now on</span>
      </label>
    </Confirm>
  )
}
