/** A source: its keys, how calls are sent to it, and its calls as they come. */
import { useMutation } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { type SyntheticEvent, useState } from 'react'
import { Page } from '../../frame/page.tsx'
import { answeredData, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { type Action, ActionsMenu } from '../../parts/actions-menu.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import type { SourceAnswer } from './answers.ts'
import { CallDebugger } from './call-debugger.tsx'
import { Keys } from './keys.tsx'
import { useSource, useSourceChanged } from './queries.ts'
import { Rejections } from './rejections.tsx'
import { Snippets } from './snippets.tsx'
import './sources.css'
import { SourceStatus } from './sources-page.tsx'

const PARENT = { to: '/sources', text: 'Sources' } as const

export function SourcePage() {
  const { sourceId } = useParams({ from: '/sources/$sourceId' })
  const { data: source, error, refetch } = useSource(sourceId)
  return (
    <Page title={source?.name ?? 'Source'} parent={PARENT}>
      {!source && <h1>Source</h1>}
      {error && <Failed error={error} again={() => void refetch()} />}
      {!source && !error && <Loading rows={6} />}
      {source && (
        <div key={sourceId}>
          <Head source={source} />
          <div className="source-top">
            <Keys source={source} />
            {source.writeKeys[0] && <Sending writeKey={source.writeKeys[0].key} />}
          </div>
          <CallDebugger sourceId={source.id} hasKey={source.writeKeys.length > 0} />
          <Rejections sourceId={source.id} />
        </div>
      )}
    </Page>
  )
}

function Sending({ writeKey }: { readonly writeKey: string }) {
  return (
    <section className="card" aria-labelledby="sending">
      <div className="hd">
        <h2 id="sending">Send calls to it</h2>
      </div>
      <div className="sending">
        <p className="mut">Any of Segment’s SDKs: change its host, keep the rest.</p>
        <Snippets writeKey={writeKey} />
      </div>
    </section>
  )
}

function Head({ source }: { readonly source: SourceAnswer }) {
  const { id, name, enabled, quiet } = source
  const mayChange = useMay('admin')
  const [isRenaming, rename] = useState(false)
  const [isDeleting, askToDelete] = useState(false)
  const change = useChange(id)
  const actions = actionsOf(source, {
    rename: () => {
      rename(true)
    },
    change: change.mutate,
    remove: () => {
      askToDelete(true)
    },
  })
  return (
    <>
      <div className="who">
        <div className="grow">
          {isRenaming ? (
            <Renaming
              name={name}
              onDone={(next) => {
                rename(false)
                if (next !== undefined && next !== name) change.mutate({ name: next })
              }}
            />
          ) : (
            <h1 className="trunc">{name}</h1>
          )}
          <div className="row mut">
            <SourceStatus enabled={enabled} />
            {quiet && <span className="chip">Quiet: destinations are told nothing</span>}
            <span className="mono dim trunc">{id}</span>
          </div>
        </div>
        {mayChange && <ActionsMenu label="More" actions={actions} />}
      </div>
      <p className="problem" role="alert">
        {change.error?.message}
      </p>
      <DeleteSource
        source={source}
        isOpen={isDeleting}
        onClose={() => {
          askToDelete(false)
        }}
      />
    </>
  )
}

interface ToDo {
  readonly rename: () => void
  readonly change: (body: { readonly enabled: boolean }) => void
  readonly remove: () => void
}

/** The first source can be disabled, and not deleted. */
function actionsOf({ id, enabled }: SourceAnswer, { rename, change, remove }: ToDo): Action[] {
  const switched = {
    text: enabled ? 'Disable' : 'Enable',
    run: () => {
      change({ enabled: !enabled })
    },
  }
  const always = [{ text: 'Rename', run: rename }, switched]
  return id === 'default' ? always : [...always, { text: 'Delete', isDanger: true, run: remove }]
}

interface RenamingProps {
  readonly name: string
  /** Called with the new name, or with nothing. */
  readonly onDone: (name: string | undefined) => void
}

function Renaming({ name, onDone }: RenamingProps) {
  const [text, setText] = useState(name)
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    onDone(text.trim() === '' ? undefined : text.trim())
  }
  return (
    <form className="row" onSubmit={submit}>
      <h1 className="vh">{name}</h1>
      <input
        className="field renamed"
        aria-label="Name"
        autoFocus
        maxLength={255}
        value={text}
        onChange={({ target }) => {
          setText(target.value)
        }}
        onKeyDown={({ key }) => {
          if (key === 'Escape') onDone(undefined)
        }}
      />
      <button className="btn" type="submit">
        Rename
      </button>
    </form>
  )
}

function useChange(id: string) {
  const spaceId = useSpaceId()
  const changed = useSourceChanged()
  return useMutation({
    mutationFn: (body: { readonly name?: string; readonly enabled?: boolean }) =>
      answeredData<unknown>(api.PATCH('/spaces/{spaceId}/sources/{id}', { params: { path: { spaceId, id } }, body })),
    onSuccess: changed,
  })
}

interface DeleteProps {
  readonly source: SourceAnswer
  readonly isOpen: boolean
  readonly onClose: () => void
}

function DeleteSource({ source: { id, name }, isOpen, onClose }: DeleteProps) {
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  const changed = useSourceChanged()
  const remove = async (): Promise<void> => {
    await answeredData(api.DELETE('/spaces/{spaceId}/sources/{id}', { params: { path: { spaceId, id } } }))
    await navigate({ to: '/sources' })
    await changed()
  }
  return (
    <Confirm isOpen={isOpen} title={`Delete ${name}?`} action="Delete source" onConfirm={remove} onClose={onClose}>
      <p>Its keys are refused from then on. The events that it has sent stay, and count as before.</p>
    </Confirm>
  )
}
