/**
 * The editor of a tool's mappings: for each kind of call the action that it goes to, and the values of the action's
 * fields. As long as nothing is changed, the presets hold.
 */
import { Plus, RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { FormRow } from '../../parts/form-row.tsx'
import type { CallKind, JsonValue, Mapping, WholeTypeAnswer } from './answers.ts'
import { type AskedDestination, FieldChoices, type FieldChoicesProps } from './field-choices.tsx'
import { type FieldQuestion, withChoice } from './field-question.ts'
import { faultOfText, textOfValue, valueOfText } from './directive.ts'
import {
  actionOf,
  CALL_KINDS,
  CALL_WORDS,
  callsOf,
  fieldsOf,
  knownValues,
  type MappedField,
  usualMappings,
  withField,
} from './mapping.ts'
import { type FieldProblem, problemAt } from './schema.ts'

export interface MappingEditorProps {
  readonly type: WholeTypeAnswer
  /** Undefined: the presets hold. */
  readonly value: readonly Mapping[] | undefined
  readonly problem: FieldProblem | undefined
  /** Asked for values that fields may have; absent before it is made. */
  readonly destination?: AskedDestination
  /** Absent: it is shown, and cannot be changed. */
  readonly onChange?: (value: readonly Mapping[] | undefined) => void
}

const ENTRIES_MAX = 20
/** Longer values stand in a field of several lines. */
const LINE_MAX = 60

export function MappingEditor({ type, value, problem, destination, onChange }: MappingEditorProps) {
  const entries = value ?? usualMappings(type)
  const change = (index: number, entry: Mapping | undefined): void => {
    onChange?.(entries.flatMap((one, place) => (place === index ? (entry ? [entry] : []) : [one])))
  }
  return (
    <div className="mappings">
      {entries.length === 0 && (
        <p className="mut">Nothing is sent yet: say which calls go to which action of the tool.</p>
      )}
      {entries.map((entry, index) => (
        <Entry
          key={`${index} ${entry.action}`}
          entry={entry}
          type={type}
          path={`settings.mappings.${index}`}
          problem={problem}
          destination={destination}
          onChange={
            onChange &&
            ((changed) => {
              change(index, changed)
            })
          }
        />
      ))}
      <p className="problem" role="alert">
        {problemAt(problem, 'settings.mappings', { isGroup: true })}
      </p>
      {onChange && (
        <div className="row">
          {entries.length < ENTRIES_MAX && (
            <button
              className="btn sm"
              type="button"
              onClick={() => {
                onChange([...entries, newEntry(entries, type)])
              }}
            >
              <Plus className="i s" aria-hidden="true" />
              {entries.length === 0 ? 'Add an action' : 'Add another action'}
            </button>
          )}
          {value && Object.keys(type.defaults ?? {}).length > 0 && (
            <button
              className="btn sm quiet"
              type="button"
              onClick={() => {
                onChange(undefined)
              }}
            >
              <RotateCcw className="i s" aria-hidden="true" />
              Back to the presets
            </button>
          )}
        </div>
      )}
    </div>
  )
}

/** The first action, and the first kind of call that goes nowhere yet. */
function newEntry(entries: readonly Mapping[], type: WholeTypeAnswer): Mapping {
  const taken = new Set(entries.flatMap((entry) => callsOf(entry, type)))
  const kind = CALL_KINDS.find((one) => !taken.has(one)) ?? 'identify'
  return { action: type.actions?.[0]?.key ?? '', calls: [kind] }
}

interface EntryProps {
  readonly entry: Mapping
  readonly type: WholeTypeAnswer
  readonly path: string
  readonly problem: FieldProblem | undefined
  readonly destination: AskedDestination | undefined
  readonly onChange: ((entry: Mapping | undefined) => void) | undefined
}

function Entry({ entry, type, path, problem, destination, onChange }: EntryProps) {
  const [areAllShown, showAll] = useState(false)
  const fields = fieldsOf(entry, type)
  const filled = fields.filter(
    ({ usual, given, isRequired }) => isRequired || usual !== undefined || given !== undefined,
  )
  const shown = areAllShown ? fields : filled
  const title = actionOf(entry, type)?.title ?? entry.action
  return (
    <section className="card mapping" aria-label={`Action ${title}`}>
      <Calls entry={entry} type={type} onChange={onChange} />
      <ActionChoice entry={entry} type={type} problem={problemAt(problem, `${path}.action`)} onChange={onChange} />
      <p className="problem pad" role="alert">
        {problemAt(problem, `${path}.calls`) ?? problemAt(problem, path, { isGroup: true })}
      </p>
      <div className="mapped">
        {shown.map((field) => (
          <FieldRow
            key={field.key}
            field={field}
            problem={problemAt(problem, `${path}.mapping.${field.key}`)}
            asked={destination && { destination, action: entry.action, payload: knownValues(entry, type) }}
            onChange={
              onChange &&
              ((value) => {
                onChange(withField(entry, field.key, value))
              })
            }
          />
        ))}
      </div>
      {fields.length > filled.length && (
        <button
          className="btn sm quiet more"
          type="button"
          aria-expanded={areAllShown}
          onClick={() => {
            showAll(!areAllShown)
          }}
        >
          {areAllShown ? 'Only fields with a value' : `All ${fields.length} fields`}
        </button>
      )}
    </section>
  )
}

function Calls({ entry, type, onChange }: Pick<EntryProps, 'entry' | 'type' | 'onChange'>) {
  const calls = callsOf(entry, type)
  const toggle = (kind: CallKind): void => {
    const next = calls.includes(kind) ? calls.filter((one) => one !== kind) : [...calls, kind]
    if (next.length > 0) onChange?.({ ...entry, calls: next })
  }
  if (!onChange) return <div className="hd">{calls.map((kind) => CALL_WORDS[kind]).join(', ')}</div>
  return (
    <div className="hd calls" role="group" aria-label="When">
      <span className="dim">When</span>
      {CALL_KINDS.map((kind) => (
        <button
          key={kind}
          className={calls.includes(kind) ? 'chip acc' : 'chip line'}
          type="button"
          aria-pressed={calls.includes(kind)}
          onClick={() => {
            toggle(kind)
          }}
        >
          {CALL_WORDS[kind]}
        </button>
      ))}
      <span className="grow" />
      <button
        className="btn quiet icon sm"
        type="button"
        aria-label="Remove this action"
        onClick={() => {
          onChange(undefined)
        }}
      >
        <Trash2 className="i s" aria-hidden="true" />
      </button>
    </div>
  )
}

interface ActionChoiceProps extends Pick<EntryProps, 'entry' | 'type' | 'onChange'> {
  readonly problem: string | undefined
}

function ActionChoice({ entry, type, problem, onChange }: ActionChoiceProps) {
  const action = actionOf(entry, type)
  return (
    <FormRow label="Action" help={action?.description} problem={problem}>
      {(own) => (
        <select
          {...own}
          className="field"
          disabled={!onChange}
          value={entry.action}
          onChange={({ target }) => {
            onChange?.({ calls: callsOf(entry, type), action: target.value })
          }}
        >
          {!action && <option value={entry.action}>{entry.action}</option>}
          {type.actions?.map(({ key, title }) => (
            <option key={key} value={key}>
              {title}
            </option>
          ))}
        </select>
      )}
    </FormRow>
  )
}

type AskedAction = Pick<FieldChoicesProps, 'destination' | 'action' | 'payload'>

interface FieldRowProps {
  readonly field: MappedField
  readonly problem: string | undefined
  readonly asked: AskedAction | undefined
  readonly onChange: ((value: JsonValue | undefined) => void) | undefined
}

function FieldRow({ field, problem, asked, onChange }: FieldRowProps) {
  const { key, label, description, isRequired, usual, given, questions } = field
  const [text, setText] = useState(() => textOfValue(given === undefined ? usual : given))
  // It stays what it was at first, so that nothing jumps below who types.
  const [isLong] = useState(text.length > LINE_MAX)
  const fault = faultOfText(text)
  const take = (typed: string): void => {
    setText(typed)
    if (faultOfText(typed)) return
    // An emptied field is left out, where it would have a value otherwise.
    give(valueOfText(typed) ?? (usual === undefined ? undefined : null))
  }
  const give = (value: JsonValue | undefined): void => {
    onChange?.(JSON.stringify(value) === JSON.stringify(usual) ? undefined : value)
  }
  const shown = fault !== undefined || given ? text : textOfValue(given === undefined ? usual : (given ?? undefined))
  const name = (
    <>
      {label}
      {isRequired && <span className="dim"> required</span>} <span className="dim mono key-name">{key}</span>
    </>
  )
  return (
    <div className={given === undefined ? 'mapped-row' : 'mapped-row own'}>
      <FormRow label={name} help={description} problem={fault ?? problem}>
        {(own) => {
          const shared = {
            ...own,
            className: 'field mono',
            spellCheck: false,
            readOnly: !onChange,
            placeholder: given === null ? 'left out' : 'no value',
            value: shown,
            onChange: ({ target }: { target: { value: string } }) => {
              take(target.value)
            },
          }
          return (
            <>
              {isLong ? <textarea {...shared} rows={3} /> : <input {...shared} autoComplete="off" />}
              {asked && onChange && questions.length > 0 && (
                <Questions
                  {...{ asked, questions }}
                  onTake={(question, chosen) => {
                    const value = withChoice(question, given === undefined ? usual : given, chosen)
                    setText(textOfValue(value))
                    give(value)
                  }}
                />
              )}
            </>
          )
        }}
      </FormRow>
      {onChange && given !== undefined && (
        <button
          className="btn quiet icon sm"
          type="button"
          aria-label={`Back to the preset of ${label}`}
          onClick={() => {
            setText(textOfValue(usual))
            onChange(undefined)
          }}
        >
          <RotateCcw className="i s" aria-hidden="true" />
        </button>
      )}
    </div>
  )
}

interface QuestionsProps {
  readonly asked: AskedAction
  readonly questions: readonly FieldQuestion[]
  readonly onTake: (question: FieldQuestion, chosen: JsonValue) => void
}

/** They stand above the help, which is shown once one of them has the focus, so that they stay under the pointer. */
function Questions({ asked, questions, onTake }: QuestionsProps) {
  return (
    <span className="asks">
      {questions.map((question) => (
        <FieldChoices
          key={question.field}
          {...asked}
          question={question}
          onTake={(chosen) => {
            onTake(question, chosen)
          }}
        />
      ))}
    </span>
  )
}
