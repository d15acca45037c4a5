/** Asks before an audience is deleted, and names what depends on it. */
import { useQuery } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import type { Reference } from './answers.ts'
import { useAudienceChanges } from './audience-changes.ts'

export interface DeleteAudienceProps {
  readonly audience: { readonly id: string; readonly name: string }
  readonly onDeleted?: () => void
  readonly onClose: () => void
}

const REFERENCES_MAX = '1000'

export function DeleteAudience({ audience: { id, name }, onDeleted, onClose }: DeleteAudienceProps) {
  const spaceId = useSpaceId()
  const { remove } = useAudienceChanges()
  const references = useQuery({
    queryKey: ['audience references', spaceId, id],
    queryFn: () => referencesOf(spaceId, id),
    staleTime: 0,
  })
  const readers = (references.data ?? []).filter(({ type }) => type !== 'DESTINATION')
  const destinations = (references.data ?? []).filter(({ type }) => type === 'DESTINATION')
  return (
    <Confirm
      isOpen
      title={`Delete ${name}?`}
      action={`Delete ${name}`}
      isAllowed={references.isSuccess && readers.length === 0}
      onConfirm={async () => {
        await remove(id)
        onDeleted?.()
      }}
      onClose={onClose}
    >
      {references.isPending && <Loading />}
      {references.error && <Failed error={references.error} again={() => void references.refetch()} />}
      {readers.length > 0 && (
        <p>
          It cannot be deleted while <NameList references={readers} /> {readers.length === 1 ? 'reads' : 'read'} it.
          Change or delete {readers.length === 1 ? 'that' : 'these'} first.
        </p>
      )}
      {references.isSuccess && readers.length === 0 && (
        <p>
          Its members, its sizes over time and its key are gone for good.{' '}
          {destinations.length > 0 && (
            <>
              <NameList references={destinations} /> will be told nothing of it any more.
            </>
          )}
        </p>
      )}
    </Confirm>
  )
}

/** Lists what reads an audience, and the destinations that are told of it. */
export async function referencesOf(spaceId: string, id: string): Promise<readonly Reference[]> {
  const params = { path: { spaceId, id }, query: { 'pagination[count]': REFERENCES_MAX } }
  const asked = api.GET('/spaces/{spaceId}/audiences/{id}/audience-references', { params })
  return (await answeredData<{ references: readonly Reference[] }>(asked)).references
}

const NAMED_MAX = 10

export function NameList({ references }: { readonly references: readonly { readonly name: string }[] }) {
  const names = references.slice(0, NAMED_MAX).map(({ name }) => name)
  const more = references.length - names.length
  const all = more > 0 ? [...names, `${more} more`] : names
  return <b>{all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)!}`}</b>
}
