/**
 * The import of audiences, computed traits and destinations as Segment's Public API gives them out: first what would
 * become of each, then for real.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { count } from '../../parts/format.ts'
import { FormRow } from '../../parts/form-row.tsx'
import { Failed, Loading } from '../../parts/states.tsx'
import type { ImportAnswer, ImportedObject } from './answers.ts'

/** Objects that were read, under a number of their own: they may be large. */
interface Read {
  readonly number: number
  readonly objects: unknown
}

const PLACEHOLDER = '{"data": {"audiences": […]}}'

export function Import() {
  const spaceId = useSpaceId()
  const [text, setText] = useState('')
  const [read, setRead] = useState<Read>()
  const [fault, setFault] = useState<string>()
  const take = (typed: string): void => {
    setText(typed)
    setFault(undefined)
    try {
      const objects: unknown = typed.trim() === '' ? undefined : JSON.parse(typed)
      setRead((before) => (objects === undefined ? undefined : { number: (before?.number ?? 0) + 1, objects }))
    } catch (error) {
      setRead(undefined)
      setFault((error as Error).message)
    }
  }
  return (
    <div className="two-columns">
      <section className="card boxed" aria-labelledby="import">
        <h2 id="import">Import from Segment</h2>
        <p className="mut">
          Audiences, computed traits and destinations as its Public API gives them out: one object, a list, or whole
          answers. At most 1,000 objects, of 4 MiB.
        </p>
        <FileRow onText={take} />
        <FormRow label="Or JSON that is pasted here" problem={fault}>
          {(own) => (
            <textarea
              {...own}
              className="field mono"
              rows={12}
              spellCheck={false}
              placeholder={PLACEHOLDER}
              value={text}
              onChange={({ target }) => {
                take(target.value)
              }}
            />
          )}
        </FormRow>
      </section>
      {read ? (
        <Outcome key={read.number} spaceId={spaceId} read={read} />
      ) : (
        <p className="mut">What would become of each object is shown here before anything is changed.</p>
      )}
    </div>
  )
}

function FileRow({ onText }: { readonly onText: (text: string) => void }) {
  return (
    <FormRow label="A file of JSON">
      {(own) => (
        <input
          {...own}
          className="field file"
          type="file"
          accept="application/json,.json"
          onChange={({ target }) => {
            void target.files?.[0]?.text().then(onText)
          }}
        />
      )}
    </FormRow>
  )
}

function send(spaceId: string, objects: unknown, isDryRun: boolean): Promise<ImportAnswer> {
  const params = { path: { spaceId }, query: isDryRun ? { dryRun: 'true' } : {} }
  return answeredData<ImportAnswer>(api.POST('/spaces/{spaceId}/import', { params, body: objects as never }))
}

function Outcome({ spaceId, read }: { readonly spaceId: string; readonly read: Read }) {
  const queries = useQueryClient()
  const tried = useQuery({
    queryKey: ['import, tried', spaceId, read.number],
    queryFn: () => send(spaceId, read.objects, true),
    retry: false,
    gcTime: 0,
  })
  const done = useMutation({
    mutationFn: () => send(spaceId, read.objects, false),
    onSuccess: () => queries.invalidateQueries(),
  })
  const isDone = done.data !== undefined
  const shown = done.data ?? tried.data
  if (tried.error) return <Failed error={tried.error} />
  if (!shown) return <Loading rows={4} />
  const { created, unchanged, refused, missingSecrets } = shown
  return (
    <section className="card boxed" aria-labelledby="outcome">
      <h2 id="outcome">{isDone ? 'Imported' : 'What would become of each'}</h2>
      {!isDone && created.length > 0 && (
        <button
          className="btn pri"
          type="button"
          disabled={done.isPending}
          onClick={() => {
            done.mutate()
          }}
        >
          Import {count(created.length)}
        </button>
      )}
      <p className="problem" role="alert">
        {done.error?.message}
      </p>
      <Objects title={isDone ? 'Made' : 'Would be made'} look="chip ok" objects={created} />
      <Objects
        title="Refused"
        look="chip bad"
        objects={refused}
        note={(_, index) => <span className="down">{refused[index]?.message}</span>}
      />
      <Objects
        title="Paused until their secrets are given"
        look="chip warn"
        objects={missingSecrets}
        note={(_, index) => <span className="mut">{missingSecrets[index]?.missing.join(', ')}</span>}
      />
      <Objects title="There already, and the same" look="chip" objects={unchanged} />
    </section>
  )
}

interface ObjectsProps {
  readonly title: string
  readonly look: string
  readonly objects: readonly ImportedObject[]
  readonly note?: (object: ImportedObject, index: number) => ReactNode
}

function Objects({ title, look, objects, note }: ObjectsProps) {
  if (objects.length === 0) return null
  return (
    <div className="outcome">
      <h3 className="row">
        <span className={look}>{count(objects.length)}</span> {title}
      </h3>
      <ul>
        {objects.map((object, index) => (
          <li key={index}>
            <span className="dim">{object.kind.replace('_', ' ')}</span> <ObjectName object={object} />
            {note && <div>{note(object, index)}</div>}
          </li>
        ))}
      </ul>
    </div>
  )
}

function ObjectName({ object: { kind, id, name, key, type } }: { readonly object: ImportedObject }) {
  const text = name ?? key ?? type ?? 'without a name'
  if (id === undefined) return <b>{text}</b>
  if (kind === 'destination')
    return (
      <Link className="link" to="/destinations/$destinationId" params={{ destinationId: id }}>
        {text}
      </Link>
    )
  if (kind === 'audience')
    return (
      <Link className="link" to="/audiences/$audienceId" params={{ audienceId: id }}>
        {text}
      </Link>
    )
  return (
    <Link className="link" to="/traits/$traitId" params={{ traitId: id }}>
      {text}
    </Link>
  )
}
