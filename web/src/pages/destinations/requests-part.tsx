/** The requests of a destination: a tool's mappings, and beside them what they would send. */
import { useState } from 'react'
import { answeredData, api } from '../../api/client.ts'
import { useSpaceId } from '../../api/session.ts'
import { useUnsaved } from '../../parts/use-unsaved.ts'
import type { CallKind, DestinationAnswer, Mapping, WholeTypeAnswer } from './answers.ts'
import { CALL_KINDS, callsOf, usualMappings } from './mapping.ts'
import { MappingEditor } from './mapping-editor.tsx'
import { useChanged } from './queries.ts'
import { Rehearsal } from './rehearsal.tsx'
import { useEditedSettings } from './settings-fields.ts'

export interface RequestsPartProps {
  readonly destination: DestinationAnswer
  readonly type: WholeTypeAnswer
}

export function RequestsPart({ destination, type }: RequestsPartProps) {
  if (type.actions === undefined)
    return (
      <div className="one-column">
        <Rehearsal destination={destination} mappings={undefined} kinds={CALL_KINDS} />
      </div>
    )
  return <Mapped key={destination.updatedAt} destination={destination} type={type} />
}

function Mapped({ destination, type }: RequestsPartProps) {
  const spaceId = useSpaceId()
  const changed = useChanged(destination.id)
  const stored = destination.settings['mappings'] as unknown as readonly Mapping[] | undefined
  const [value, setValue] = useState(stored)
  // What is typed in a field is forgotten with it, and nothing else may be: it would lose the focus.
  const [discards, setDiscards] = useState(0)
  const edited = useEditedSettings({})
  const isChanged = JSON.stringify(value) !== JSON.stringify(stored)
  useUnsaved(isChanged)
  const kinds = kindsOf(value ?? usualMappings(type), type)
  const save = async (): Promise<void> => {
    const params = { path: { spaceId, id: destination.id } }
    const body = { settings: { mappings: (value ?? null) as never } }
    await answeredData(api.PATCH('/spaces/{spaceId}/destinations/{id}', { params, body }))
    await changed()
  }
  return (
    <div className="beside">
      <div>
        <div className="tools">
          <h2>What goes where</h2>
          <span className="dim">{value ? 'a mapping of your own' : 'as the presets have it'}</span>
          <span className="grow" />
          {isChanged && (
            <Saving
              canSave={edited.canSave}
              save={() => void edited.save(save)}
              discard={() => {
                setValue(stored)
                setDiscards(discards + 1)
              }}
            />
          )}
        </div>
        <p className="problem" role="alert">
          {edited.fault}
        </p>
        <MappingEditor
          key={discards}
          type={type}
          value={value}
          problem={edited.problem}
          destination={destination}
          onChange={setValue}
        />
        <p className="dim legend">
          <code>$.traits.email</code> reads the call, <code>{'{{event}}'}</code> is a template, JSON is a value or a
          directive such as <code>{'{"@if": …}'}</code>; anything else is sent as it stands. An empty field is left out.
        </p>
      </div>
      <Rehearsal
        destination={destination}
        mappings={isChanged ? (value ?? usualMappings(type)) : undefined}
        kinds={kinds}
      />
    </div>
  )
}

interface SavingProps {
  readonly canSave: boolean
  readonly save: () => void
  readonly discard: () => void
}

function Saving({ canSave, save, discard }: SavingProps) {
  return (
    <>
      <button className="btn sm quiet" type="button" onClick={discard}>
        Discard
      </button>
      <button className="btn sm pri" type="button" disabled={!canSave} onClick={save}>
        Save the mapping
      </button>
    </>
  )
}

function kindsOf(entries: readonly Mapping[], type: WholeTypeAnswer): readonly CallKind[] {
  const sent = new Set(entries.flatMap((entry) => callsOf(entry, type)))
  const found = CALL_KINDS.filter((kind) => sent.has(kind))
  return found.length > 0 ? found : CALL_KINDS
}
