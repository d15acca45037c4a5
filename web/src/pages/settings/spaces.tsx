/** The spaces of the installation: made with their first token and key, and deleted with all that they have. */
import { useQueryClient } from '@tanstack/react-query'
import { type SyntheticEvent, useState } from 'react'
import type { SpaceAnswer } from '../../api/answers.ts'
import { answeredData, api } from '../../api/client.ts'
import { useSession } from '../../api/session.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { TextRow } from '../../parts/form-row.tsx'
import type { NewSpaceAnswer } from './answers.ts'
import { Secret } from './secret.tsx'

export function Spaces() {
  const { spaces, space: shown, chooseSpace } = useSession()
  const [deleted, remove] = useState<SpaceAnswer>()
  return (
    <div className="two-columns">
      <section className="card" aria-labelledby="spaces">
        <div className="hd">
          <h2 id="spaces">Spaces</h2>
        </div>
        <ul>
          {spaces.map((space) => (
            <SpaceLine
              key={space.id}
              space={space}
              isShown={space.id === shown.id}
              onShow={() => {
                chooseSpace(space.id)
              }}
              onDelete={() => {
                remove(space)
              }}
            />
          ))}
        </ul>
      </section>
      <NewSpace />
      {deleted && (
        <DeleteSpace
          space={deleted}
          onClose={() => {
            remove(undefined)
          }}
        />
      )}
    </div>
  )
}

interface SpaceLineProps {
  readonly space: SpaceAnswer
  readonly isShown: boolean
  readonly onShow: () => void
  readonly onDelete: () => void
}

function SpaceLine({ space: { id, name, status }, isShown, onShow, onDelete }: SpaceLineProps) {
  return (
    <li className="line">
      <div className="grow">
        <div className="b trunc">{name}</div>
        <div className="row dim">
          <span className="mono">{id}</span>
          <span className={status === 'Live' ? 'st' : 'st run'}>{status}</span>
        </div>
      </div>
      {isShown ? (
        <span className="dim">shown</span>
      ) : (
        <>
          <button className="btn sm" type="button" aria-label={`Show ${name}`} onClick={onShow}>
            Show
          </button>
          <button className="btn sm" type="button" aria-label={`Delete ${name}`} onClick={onDelete}>
            Delete
          </button>
        </>
      )}
    </li>
  )
}

function NewSpace() {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [made, setMade] = useState<NewSpaceAnswer>()
  const [problem, setProblem] = useState<string>()
  const make = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setProblem(undefined)
    try {
      const { space } = await answeredData<{ space: NewSpaceAnswer }>(api.POST('/spaces', { body: { name } }))
      setMade(space)
      setName('')
      await queries.invalidateQueries({ queryKey: ['spaces'] })
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <section className="card boxed" aria-labelledby="new-space">
      <h2 id="new-space">New space</h2>
      <p className="mut">It has people, audiences, sources and destinations of its own.</p>
      {made && (
        <>
          <Secret label={`An administrator’s token of ${made.name}`} text={made.accessToken} />
          <Secret label={`The write key of ${made.name}`} text={made.writeKey} />
        </>
      )}
      <form onSubmit={(event) => void make(event)}>
        <TextRow
          label="Name"
          help="Its id is made of it: letters, digits and _."
          problem={problem}
          value={name}
          onChange={setName}
        />
        <button className="btn pri" type="submit" disabled={name.trim() === ''}>
          Make the space
        </button>
      </form>
    </section>
  )
}

function DeleteSpace({ space: { id, name }, onClose }: { readonly space: SpaceAnswer; readonly onClose: () => void }) {
  const queries = useQueryClient()
  const [typed, setTyped] = useState('')
  const remove = async (): Promise<void> => {
    await answeredData(api.DELETE('/spaces/{id}', { params: { path: { id } }, body: { name: typed } }))
    await queries.invalidateQueries({ queryKey: ['spaces'] })
  }
  return (
    <Confirm
      isOpen
      title={`Delete ${name}?`}
      action="Delete space"
      isAllowed={typed === name}
      onConfirm={remove}
      onClose={onClose}
    >
      <p>
        All of its people, audiences, sources and destinations are gone then, for good. A backup can be made before.
      </p>
      <TextRow label={`Its name, repeated: ${name}`} value={typed} onChange={setTyped} />
    </Confirm>
  )
}
