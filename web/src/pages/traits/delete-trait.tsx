/** Asks before a computed trait is deleted, and names what depends on it. */
import type { ComputedTraitAnswer } from '../../api/answers.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import { useConnections } from '../audience/connection-queries.ts'
import { useReaders, useTraitChanges } from './queries.ts'

export interface DeleteTraitProps {
  readonly trait: Pick<ComputedTraitAnswer, 'id' | 'name' | 'key'>
  readonly onDeleted?: () => void
  readonly onClose: () => void
}

export function DeleteTrait({ trait: { id, name, key }, onDeleted, onClose }: DeleteTraitProps) {
  const { remove } = useTraitChanges()
  const readers = useReaders(key)
  const connections = useConnections({ kind: 'computed-traits', id })
  const told = (connections.data ?? []).map(({ destination }) => destination.name ?? destination.id)
  const isRead = readers.data !== undefined && readers.data.length > 0
  return (
    <Confirm
      isOpen
      title={`Delete ${name}?`}
      action={`Delete ${name}`}
      isAllowed={readers.isSuccess && !isRead}
      onConfirm={async () => {
        await remove(id)
        onDeleted?.()
      }}
      onClose={onClose}
    >
      {readers.isPending && <Loading />}
      {readers.error && <Failed error={readers.error} again={() => void readers.refetch()} />}
      {isRead && (
        <p>
          It cannot be deleted while <b>{readers.data.join(', ')}</b> {readers.data.length === 1 ? 'reads' : 'read'} it.
        </p>
      )}
      {readers.data?.length === 0 && (
        <p>
          Its values and its key are gone for good.
          {told.length > 0 && (
            <>
              {' '}
              <b>{told.join(', ')}</b> will be told nothing of it any more.
            </>
          )}
        </p>
      )}
    </Confirm>
  )
}
