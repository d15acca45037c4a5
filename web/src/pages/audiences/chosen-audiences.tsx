/** Actions for the rows that are chosen in the list of audiences. */
import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import type { AudienceAnswer } from '../../api/answers.ts'
import { useSpaceId } from '../../api/session.ts'
import { Turns } from '../../api/turns.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { count } from '../../parts/format.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import type { Reference } from './answers.ts'
import { useAudienceChanges } from './audience-changes.ts'
import { NameList, referencesOf } from './delete-audience.tsx'

export interface ChosenAudiencesProps {
  readonly chosen: readonly AudienceAnswer[]
  readonly onClear: () => void
  readonly onProblem: (problem: string) => void
}

export function ChosenAudiences({ chosen, onClear, onProblem }: ChosenAudiencesProps) {
  const spaceId = useSpaceId()
  const { changeAll } = useAudienceChanges()
  const [isDeleting, askToDelete] = useState(false)
  const isSomeEnabled = chosen.some(({ enabled }) => enabled)
  const turn = async (): Promise<void> => {
    onProblem('')
    const others = chosen.filter(({ enabled }) => enabled === isSomeEnabled).map(({ id }) => id)
    try {
      const order = readersFirst(await referencesOfAll(spaceId, others))
      await changeAll(isSomeEnabled ? order : [...order].reverse(), { enabled: !isSomeEnabled })
      onClear()
    } catch (error) {
      onProblem((error as Error).message)
    }
  }
  return (
    <div className="tools chosen" role="group" aria-label="For the selected audiences">
      <b role="status">{`${count(chosen.length)} selected`}</b>
      <button type="button" className="btn sm" onClick={() => void turn()}>
        {isSomeEnabled ? 'Disable' : 'Enable'}
      </button>
      <button
        type="button"
        className="btn sm"
        onClick={() => {
          askToDelete(true)
        }}
      >
        Delete…
      </button>
      <button type="button" className="btn quiet sm" onClick={onClear}>
        Select none
      </button>
      {isDeleting && (
        <DeleteAll
          chosen={chosen}
          onClose={() => {
            askToDelete(false)
          }}
          onDeleted={onClear}
        />
      )}
    </div>
  )
}

interface DeleteAllProps {
  readonly chosen: readonly AudienceAnswer[]
  readonly onDeleted: () => void
  readonly onClose: () => void
}

function DeleteAll({ chosen, onDeleted, onClose }: DeleteAllProps) {
  const { removeAll } = useAudienceChanges()
  const { data: references, error, refetch } = useReferences(chosen)
  const ids = new Set(chosen.map(({ id }) => id))
  const all = distinct([...(references?.values() ?? [])].flat())
  const readers = all.filter(({ id, type }) => type !== 'DESTINATION' && !ids.has(id))
  const destinations = all.filter(({ type }) => type === 'DESTINATION')
  const what = chosen.length === 1 ? '1 audience' : `${count(chosen.length)} audiences`
  return (
    <Confirm
      isOpen
      title={`Delete ${what}?`}
      action={`Delete ${what}`}
      isAllowed={references !== undefined && readers.length === 0}
      onConfirm={async () => {
        await removeAll(readersFirst(references!))
        onDeleted()
      }}
      onClose={onClose}
    >
      <p>
        <NameList references={chosen} />
      </p>
      {!references && !error && <Loading />}
      {error && <Failed error={error} again={() => void refetch()} />}
      {readers.length > 0 && (
        <p>
          They cannot be deleted while <NameList references={readers} /> {readers.length === 1 ? 'reads' : 'read'} some
          of them.
        </p>
      )}
      {references && readers.length === 0 && (
        <p>
          Their members, their sizes over time and their keys are gone for good.{' '}
          {destinations.length > 0 && (
            <>
              <NameList references={destinations} /> will be told nothing of them any more.
            </>
          )}
        </p>
      )}
    </Confirm>
  )
}

type References = ReadonlyMap<string, readonly Reference[]>

/** Asks of each who reads it and who is told of it. */
async function referencesOfAll(spaceId: string, ids: readonly string[]): Promise<References> {
  const turns = new Turns(4)
  const ask = async (id: string) => [id, await turns.take(() => referencesOf(spaceId, id))] as const
  return new Map(await Promise.all(ids.map(ask)))
}

function useReferences(chosen: readonly AudienceAnswer[]) {
  const spaceId = useSpaceId()
  const ids = chosen.map(({ id }) => id)
  return useQuery({
    queryKey: ['references of audiences', spaceId, ids],
    queryFn: () => referencesOfAll(spaceId, ids),
    structuralSharing: false,
    staleTime: 0,
    gcTime: 0,
  })
}

function distinct(references: readonly Reference[]): readonly Reference[] {
  return [...new Map(references.map((reference) => [reference.id, reference])).values()]
}

/** Orders audiences so that none is deleted or disabled while another of them reads it. */
function readersFirst(references: References): readonly string[] {
  const ordered: string[] = []
  const left = new Map(references)
  while (left.size > 0) {
    const free = [...left].filter(([, readers]) => !readers.some(({ id }) => left.has(id))).map(([id]) => id)
    // They read each other in no circle: the server refuses that.
    for (const id of free.length > 0 ? free : [...left.keys()]) {
      ordered.push(id)
      left.delete(id)
    }
  }
  return ordered
}
