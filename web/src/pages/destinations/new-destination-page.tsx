/** A new destination of a type: its name and its settings. */
import { useNavigate, useParams } from '@tanstack/react-router'
import { type SyntheticEvent, useState } from 'react'
import { Page } from '../../frame/page.tsx'
import { answeredData, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { TextRow } from '../../parts/form-row.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { useUnsaved } from '../../parts/use-unsaved.ts'
import type { DestinationAnswer, Mapping, WholeTypeAnswer } from './answers.ts'
import './destinations.css'
import { MappingEditor } from './mapping-editor.tsx'
import { useChanged, useType } from './queries.ts'
import { withSetting } from './schema.ts'
import { SchemaForm } from './schema-form.tsx'
import { useEditedSettings } from './settings-fields.ts'
import { TypeNotes } from './type-notes.tsx'

const PARENT = { to: '/destinations', text: 'Destinations' } as const

export function NewDestinationPage() {
  const { slug } = useParams({ from: '/destinations/new/$slug' })
  const mayChange = useMay('editor')
  const { data: type, error, refetch } = useType(slug)
  const title = type ? `New: ${type.name}` : 'New destination'
  return (
    <Page title={title} parent={PARENT}>
      <h1 className="page-title">{type ? type.name : 'New destination'}</h1>
      {error && <Failed error={error} again={() => void refetch()} />}
      {!type && !error && <Loading rows={6} />}
      {type && (mayChange ? <NewForm key={slug} type={type} /> : <Empty title="Editors may make destinations." />)}
    </Page>
  )
}

function NewForm({ type }: { readonly type: WholeTypeAnswer }) {
  const spaceId = useSpaceId()
  const navigate = useNavigate()
  const changed = useChanged()
  const [name, setName] = useState(type.name.replace(/ \(Actions\)$/, ''))
  const edited = useEditedSettings({})
  useUnsaved(Object.keys(edited.values).length > 0)
  const needsMappings = type.actions !== undefined && Object.keys(type.defaults ?? {}).length === 0
  const mappings = edited.values['mappings'] as unknown as readonly Mapping[] | undefined
  const create = async (): Promise<void> => {
    const body = { type: type.slug, name, settings: edited.values }
    const asked = api.POST('/spaces/{spaceId}/destinations', { params: { path: { spaceId } }, body })
    const { destination } = await answeredData<{ destination: DestinationAnswer }>(asked)
    await changed()
    await navigate({
      to: '/destinations/$destinationId',
      params: { destinationId: destination.id },
      ignoreBlocker: true,
    })
  }
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void edited.save(create)
  }
  return (
    <form onSubmit={submit} noValidate>
      <TypeNotes type={type} />
      <TextRow label="Name" help="As it is shown in lists." value={name} onChange={setName} />
      <SchemaForm
        schema={type.settings}
        secrets={type.secrets}
        values={edited.values}
        problem={edited.problem}
        leftOut={needsMappings ? ['mappings'] : []}
        onChange={edited.setValues}
        onUnread={edited.setUnread}
      />
      {needsMappings && (
        <MappingEditor
          type={type}
          value={mappings}
          problem={edited.problem}
          onChange={(value) => {
            edited.setValues(withSetting(edited.values, 'mappings', value as never))
          }}
        />
      )}
      <p className="problem" role="alert">
        {edited.fault}
      </p>
      <button className="btn pri" type="submit" disabled={!edited.canSave || name.trim() === ''}>
        Add destination
      </button>
    </form>
  )
}
