/** The settings of a destination: its name, those of its type, the consent that it asks for, and an app's way in. */
import { useMutation } from '@tanstack/react-query'
import { type SyntheticEvent, useState } from 'react'
import { answeredData, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { dayAndClock } from '../../parts/format.ts'
import { FormRow, TextRow } from '../../parts/form-row.tsx'
import { Segmented } from '../../parts/segmented.tsx'
import { useUnsaved } from '../../parts/use-unsaved.ts'
import type { DestinationAnswer, JsonObject, WholeTypeAnswer } from './answers.ts'
import { useChanged } from './queries.ts'
import { changesOf } from './schema.ts'
import { SchemaForm } from './schema-form.tsx'
import { useEditedSettings } from './settings-fields.ts'
import { TypeNotes } from './type-notes.tsx'

export interface SettingsPartProps {
  readonly destination: DestinationAnswer
  readonly type: WholeTypeAnswer
}

/** Begins anew once it is saved. */
export function SettingsPart(props: SettingsPartProps) {
  const mayChange = useMay('editor')
  return (
    <div className="one-column">
      <TypeNotes type={props.type} />
      {props.type.canAuthorize && mayChange && <Authorization id={props.destination.id} />}
      {mayChange ? <SettingsForm key={props.destination.updatedAt} {...props} /> : <SettingsText {...props} />}
    </div>
  )
}

function SettingsText({ destination: { settings, consentCategories = [] } }: SettingsPartProps) {
  const shown = Object.entries(settings).filter(([name]) => name !== 'mappings')
  return (
    <dl className="card kv">
      {shown.map(([name, value]) => (
        <div className="pair" key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
      <div className="pair">
        <dt>Consent</dt>
        <dd>{consentCategories.length === 0 ? 'none asked for' : consentCategories.join(', ')}</dd>
      </div>
    </dl>
  )
}

function SettingsForm({ destination, type }: SettingsPartProps) {
  const spaceId = useSpaceId()
  const changed = useChanged(destination.id)
  const edited = useEditedSettings(destination.settings)
  const [name, setName] = useState(destination.name)
  const [categories, setCategories] = useState((destination.consentCategories ?? []).join('\n'))
  const [unknown, setUnknown] = useState(destination.unknownConsent ?? 'allowed')
  const body = {
    name: name.trim(),
    settings: changesOf(destination.settings, edited.values),
    consentCategories: categories.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()])),
    unknownConsent: unknown,
  }
  const isChanged = isOther(body, destination)
  useUnsaved(isChanged)
  const save = async (): Promise<void> => {
    const params = { path: { spaceId, id: destination.id } }
    await answeredData(api.PATCH('/spaces/{spaceId}/destinations/{id}', { params, body: body as never }))
    await changed()
  }
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    void edited.save(save)
  }
  return (
    <form onSubmit={submit} noValidate>
      <TextRow label="Name" value={name} onChange={setName} />
      <SchemaForm
        schema={type.settings}
        secrets={type.secrets}
        values={edited.values}
        problem={edited.problem}
        leftOut={['mappings']}
        onChange={edited.setValues}
        onUnread={edited.setUnread}
      />
      <Consent {...{ categories, setCategories, unknown, setUnknown }} />
      <p className="problem" role="alert">
        {edited.fault}
      </p>
      <div className="row">
        <button className="btn pri" type="submit" disabled={!edited.canSave || !isChanged || body.name === ''}>
          Save
        </button>
        <span className="dim" role="status">
          {isChanged ? 'Not saved yet' : `As saved on ${dayAndClock(destination.updatedAt)}`}
        </span>
      </div>
    </form>
  )
}

interface ConsentProps {
  /** One in each line. */
  readonly categories: string
  readonly setCategories: (categories: string) => void
  readonly unknown: 'allowed' | 'refused'
  readonly setUnknown: (unknown: 'allowed' | 'refused') => void
}

function Consent({ categories, setCategories, unknown, setUnknown }: ConsentProps) {
  return (
    <>
      <h2 className="section">Consent</h2>
      <FormRow
        label="Categories"
        help="It is told only of users who have allowed all of them. One in each line; none: of everybody."
      >
        {(own) => (
          <textarea
            {...own}
            className="field"
            rows={3}
            value={categories}
            onChange={({ target }) => {
              setCategories(target.value)
            }}
          />
        )}
      </FormRow>
      <div className="form-row">
        <span className="label">A category that nothing is known of is</span>
        <Segmented
          label="A category that nothing is known of is"
          choices={[
            { id: 'allowed', text: 'allowed' },
            { id: 'refused', text: 'refused' },
          ]}
          value={unknown}
          onChange={setUnknown}
        />
      </div>
    </>
  )
}

interface SettingsBody {
  readonly name: string
  readonly settings: JsonObject
  readonly consentCategories: readonly string[]
  readonly unknownConsent: 'allowed' | 'refused'
}

/** True if a body says anything that is not so already. */
function isOther(
  { name, settings, consentCategories, unknownConsent }: SettingsBody,
  before: DestinationAnswer,
): boolean {
  return (
    name !== before.name ||
    Object.keys(settings).length > 0 ||
    consentCategories.join('\n') !== (before.consentCategories ?? []).join('\n') ||
    unknownConsent !== (before.unknownConsent ?? 'allowed')
  )
}

/** Leads a user to the tool, to let the destination's app in. */
function Authorization({ id }: { readonly id: string }) {
  const spaceId = useSpaceId()
  const authorize = useMutation({
    mutationFn: () =>
      answeredData<{ url: string }>(
        api.POST('/spaces/{spaceId}/destinations/{id}/authorize', { params: { path: { spaceId, id } }, body: {} }),
      ),
  })
  return (
    <div className="card pad authorize">
      <p>Somebody with an account at the tool has to let the app in.</p>
      {authorize.data ? (
        <a className="btn" href={authorize.data.url} target="_blank" rel="noreferrer">
          Open the page of the tool
        </a>
      ) : (
        <button
          className="btn"
          type="button"
          disabled={authorize.isPending}
          onClick={() => {
            authorize.mutate()
          }}
        >
          Authorize
        </button>
      )}
      <p className="problem" role="alert">
        {authorize.error?.message}
      </p>
    </div>
  )
}
