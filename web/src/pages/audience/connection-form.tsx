/** The settings of a connection: its calls, their names, the traits that go along, the ids that are addressed. */
import { type SyntheticEvent, type ReactNode, useId, useState } from 'react'
import { ApiError } from '../../api/client.ts'
import type { AudienceAnswer } from '../../api/answers.ts'
import { useUnsaved } from '../../parts/use-unsaved.ts'
import type { ConnectionAnswer, ConnectionSettings, IdStrategy, IdSync } from '../audiences/answers.ts'
import type { Connectable, ConnectionChange } from './connection-queries.ts'
import { NameInput, NumberField, TextField } from './form-fields.tsx'
import { useObservedTraits } from './queries.ts'

export type ConnectionDraft = Pick<ConnectionAnswer, 'connectionSettings' | 'idSyncConfiguration'>

/** As the server makes one of which nothing is said. */
export const NEW_CONNECTION: ConnectionDraft = {
  idSyncConfiguration: [],
  connectionSettings: {
    sendIdentify: true,
    sendTrack: true,
    sendGroup: true,
    enteredEvent: 'Audience Entered',
    exitedEvent: 'Audience Exited',
    computedEvent: 'Trait Computed',
    traits: {},
    approvalMembers: 100_000,
    approvalShare: 0.5,
  },
}

export interface ConnectionFormProps {
  readonly kind: Connectable['kind']
  readonly type: AudienceAnswer['audienceType']
  /** It takes identify calls alone. */
  readonly isList: boolean
  readonly initial: ConnectionDraft
  readonly action: ReactNode
  readonly onSave: (change: ConnectionChange) => Promise<void>
  readonly onCancel: () => void
}

export function ConnectionForm({ kind, type, isList, initial, action, onSave, onCancel }: ConnectionFormProps) {
  const isForAccounts = type === 'ACCOUNTS'
  const [settings, setSettings] = useState(() => ({
    ...initial.connectionSettings,
    sendTrack: initial.connectionSettings.sendTrack && !isList,
    sendGroup: initial.connectionSettings.sendGroup && isForAccounts && !isList,
  }))
  const [traits, setTraits] = useState(() => Object.entries(initial.connectionSettings.traits))
  const [ids, setIds] = useState<readonly IdSync[]>(initial.idSyncConfiguration)
  const [problem, setProblem] = useState('')
  const written = JSON.stringify([settings, traits, ids])
  const [before] = useState(written)
  useUnsaved(written !== before)
  const change = (changed: Partial<ConnectionSettings>): void => {
    setSettings({ ...settings, ...changed })
  }
  const save = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault()
    setProblem('')
    try {
      await onSave({
        connectionSettings: { ...settings, traits: traitsOf(traits) },
        idSyncConfiguration: ids.filter(({ externalId }) => externalId.trim() !== ''),
      })
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error))
    }
  }
  return (
    <form className="connection-form" onSubmit={(event) => void save(event)}>
      {!isList && <Calls {...{ kind, isForAccounts, settings, change }} />}
      <Traits type={type} traits={traits} onChange={setTraits} />
      <Ids ids={ids} onChange={setIds} />
      {kind === 'audiences' && <Approval {...{ settings, change }} />}
      <p role="alert" className="problem">
        {problem}
      </p>
      <div className="row">
        <button type="submit" className="btn pri">
          {action}
        </button>
        <button type="button" className="btn quiet" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}

function traitsOf(entries: readonly (readonly [string, string])[]): Record<string, string> {
  const named = entries.map(([trait, there]) => [trait.trim(), there.trim() || trait.trim()] as const)
  return Object.fromEntries(named.filter(([trait]) => trait !== ''))
}

interface PartProps {
  readonly settings: ConnectionSettings
  readonly change: (changed: Partial<ConnectionSettings>) => void
}

interface CallsProps extends PartProps {
  readonly kind: Connectable['kind']
  readonly isForAccounts: boolean
}

function Calls({ kind, isForAccounts, settings, change }: CallsProps) {
  const isAudience = kind === 'audiences'
  const calls = [
    { field: 'sendIdentify', text: isAudience ? 'As a trait, true or false (identify)' : 'As a trait (identify)' },
    { field: 'sendTrack', text: 'As an event (track)' },
    ...(isForAccounts ? [{ field: 'sendGroup', text: 'As a trait of the account (group)' }] : []),
  ] as { field: 'sendIdentify' | 'sendTrack' | 'sendGroup'; text: string }[]
  const events = (
    isAudience
      ? [
          { field: 'enteredEvent', text: 'Name of the event of an entry' },
          { field: 'exitedEvent', text: 'Name of the event of an exit' },
        ]
      : [{ field: 'computedEvent', text: 'Name of the event' }]
  ) as { field: 'enteredEvent' | 'exitedEvent' | 'computedEvent'; text: string }[]
  return (
    <fieldset className="form-part">
      <legend className="label">How it is told</legend>
      {calls.map(({ field, text }) => (
        <label className="check" key={field}>
          <input
            type="checkbox"
            checked={settings[field]}
            onChange={({ target }) => change({ [field]: target.checked })}
          />
          {text}
        </label>
      ))}
      {settings.sendTrack && (
        <div className="form-pair">
          {events.map(({ field, text }) => (
            <TextField
              key={field}
              label={text}
              value={settings[field]}
              onChange={(value) => change({ [field]: value })}
              required
            />
          ))}
        </div>
      )}
    </fieldset>
  )
}

interface TraitsProps {
  readonly type: AudienceAnswer['audienceType']
  readonly traits: readonly [string, string][]
  readonly onChange: (traits: [string, string][]) => void
}

function Traits({ type, traits, onChange }: TraitsProps) {
  const { data: names = [] } = useObservedTraits(type)
  const listId = useId()
  const set = (index: number, changed: [string, string]): void => {
    onChange(traits.map((entry, at) => (at === index ? changed : entry)))
  }
  return (
    <fieldset className="form-part">
      <legend className="label">Traits that go along</legend>
      <datalist id={listId}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {traits.map(([trait, there], index) => (
        <div className="form-line" key={index}>
          <NameInput
            label={`Trait ${index + 1}`}
            placeholder="trait"
            list={listId}
            value={trait}
            onChange={(value) => set(index, [value, there === trait ? value : there])}
          />
          <span className="dim">as</span>
          <NameInput
            label={`Name there of trait ${index + 1}`}
            placeholder="its name there"
            value={there}
            onChange={(value) => set(index, [trait, value])}
          />
          <RemoveLine label={`Leave out trait ${index + 1}`} onRemove={() => onChange(traits.toSpliced(index, 1))} />
        </div>
      ))}
      <button type="button" className="btn sm" onClick={() => onChange([...traits, ['', '']])}>
        Add a trait
      </button>
    </fieldset>
  )
}

const IDS_MAX = 5
const ID_TYPES = ['user_id', 'email', 'phone', 'anonymous_id', 'android.idfa', 'ios.idfa', 'ga_client_id']
const STRATEGIES: readonly { readonly strategy: IdStrategy; readonly text: string }[] = [
  { strategy: 'all', text: 'all of them' },
  { strategy: 'first', text: 'the first' },
  { strategy: 'last', text: 'the last' },
]

interface IdsProps {
  readonly ids: readonly IdSync[]
  readonly onChange: (ids: readonly IdSync[]) => void
}

function Ids({ ids, onChange }: IdsProps) {
  const listId = useId()
  const set = (index: number, changed: IdSync): void => {
    onChange(ids.map((one, at) => (at === index ? changed : one)))
  }
  return (
    <fieldset className="form-part">
      <legend className="label">Ids that are addressed</legend>
      {ids.length === 0 && <p className="dim">Every user id, email and mobile id.</p>}
      <datalist id={listId}>
        {ID_TYPES.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {ids.map((id, index) => (
        <div className="form-line" key={index}>
          <NameInput
            label={`Type of id ${index + 1}`}
            placeholder="type of id"
            list={listId}
            value={id.externalId}
            onChange={(externalId) => set(index, { ...id, externalId })}
          />
          <select
            className="field"
            aria-label={`Values of id ${index + 1}`}
            value={id.strategy}
            onChange={({ target }) => set(index, { ...id, strategy: target.value as IdStrategy })}
          >
            {STRATEGIES.map(({ strategy, text }) => (
              <option key={strategy} value={strategy}>
                {text}
              </option>
            ))}
          </select>
          <NameInput
            label={`Name there of id ${index + 1}`}
            placeholder="its name there"
            value={id.mapTo ?? ''}
            onChange={(mapTo) => set(index, withName(id, mapTo))}
          />
          <RemoveLine label={`Leave out id ${index + 1}`} onRemove={() => onChange(ids.toSpliced(index, 1))} />
        </div>
      ))}
      {ids.length < IDS_MAX && (
        <button
          type="button"
          className="btn sm"
          onClick={() => onChange([...ids, { externalId: '', strategy: 'all' }])}
        >
          Choose a type of id
        </button>
      )}
    </fieldset>
  )
}

function withName({ externalId, strategy }: IdSync, mapTo: string): IdSync {
  return { externalId, strategy, ...(mapTo !== '' && { mapTo }) }
}

function RemoveLine({ label, onRemove }: { readonly label: string; readonly onRemove: () => void }) {
  return (
    <button type="button" className="btn sm quiet icon" aria-label={label} onClick={onRemove}>
      ×
    </button>
  )
}

function Approval({ settings, change }: PartProps) {
  return (
    <fieldset className="form-part">
      <legend className="label">Without approval, at once at most</legend>
      <div className="form-pair">
        <NumberField
          label="People"
          value={settings.approvalMembers}
          onChange={(approvalMembers) => change({ approvalMembers })}
        />
        <NumberField
          label="Percent of all"
          value={settings.approvalShare * PERCENT}
          max={PERCENT}
          onChange={(percent) => change({ approvalShare: percent / PERCENT })}
        />
      </div>
    </fieldset>
  )
}

const PERCENT = 100
