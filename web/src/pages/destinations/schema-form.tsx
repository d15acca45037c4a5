/**
 * A form of settings, made from their JSON Schema: texts, secrets, numbers, switches, choices, lists of texts and groups
 * of these. Anything else is a field of JSON.
 */
import { valueText } from '../../parts/format.ts'
import { useState } from 'react'
import { FormRow } from '../../parts/form-row.tsx'
import { type JsonObject, type JsonValue, MASK, type Schema } from './answers.ts'
import { controlOf, type FieldProblem, isHeld, labelOf, problemAt, settingsOf, withSetting } from './schema.ts'

export interface SchemaFormProps {
  readonly schema: Schema
  /** Names of settings that nobody may read back. */
  readonly secrets: readonly string[]
  readonly values: JsonObject
  readonly onChange: (values: JsonObject) => void
  /** Called with the names of fields whose JSON does not read. */
  readonly onUnread: (names: ReadonlySet<string>) => void
  readonly problem: FieldProblem | undefined
  /** Settings that have an editor of their own. */
  readonly leftOut?: readonly string[]
}

/** A value under a name, whose schema says how it is edited. */
interface ValueProps {
  readonly path: string
  readonly label: string
  readonly schema: Schema
  readonly isSecret: boolean
  readonly isRequired: boolean
  readonly value: JsonValue | undefined
  readonly onChange: (value: JsonValue | undefined) => void
  readonly onReads: (reads: boolean) => void
  readonly problem: FieldProblem | undefined
}

export function SchemaForm({ schema, secrets, values, onChange, onUnread, problem, leftOut = [] }: SchemaFormProps) {
  const [unread, setUnread] = useState<ReadonlySet<string>>(new Set())
  const shown = settingsOf(schema).filter(({ name }) => !leftOut.includes(name))
  return shown.map(({ name, schema: own, isRequired }) => (
    <Setting
      key={name}
      path={`settings.${name}`}
      label={labelOf(name, own)}
      schema={own}
      isSecret={secrets.includes(name)}
      isRequired={isRequired}
      value={values[name]}
      problem={problem}
      onChange={(value) => {
        onChange(withSetting(values, name, value))
      }}
      onReads={(reads) => {
        const next = new Set(unread)
        if (reads) next.delete(name)
        else next.add(name)
        setUnread(next)
        onUnread(next)
      }}
    />
  ))
}

/** A secret that is held is kept until it is replaced or removed. */
function Setting(props: ValueProps) {
  const { isSecret, isRequired, value, label, onChange } = props
  const [wasHeld] = useState(isHeld(value))
  if (!isSecret || !wasHeld) return <Value {...props} />
  if (!isHeld(value))
    return (
      <div className="secret">
        <Value {...props} />
        <button
          className="btn sm"
          type="button"
          onClick={() => {
            onChange(MASK)
          }}
        >
          Keep the one that is held
        </button>
      </div>
    )
  return (
    <div className="form-row" role="group" aria-label={label}>
      <span className="label">{label}</span>
      <div className="row">
        <span className="mono">{MASK}</span>
        <button
          className="btn sm"
          type="button"
          onClick={() => {
            onChange('')
          }}
        >
          Replace
        </button>
        {!isRequired && (
          <button
            className="btn sm"
            type="button"
            onClick={() => {
              onChange(undefined)
            }}
          >
            Remove
          </button>
        )}
      </div>
      <div className="dim">{props.schema.description}</div>
      <p className="problem" role="alert">
        {problemAt(props.problem, props.path)}
      </p>
    </div>
  )
}

function Value(props: ValueProps) {
  switch (controlOf(props.schema)) {
    case 'boolean':
      return <Switch {...props} />
    case 'group':
      return <Group {...props} />
    case 'json':
      return <JsonValueField {...props} />
    case 'list':
      return <List {...props} />
    case 'enum':
      return <Choice {...props} />
    case 'number':
    case 'text':
    case 'long text':
      return <Line {...props} />
  }
}

function Line({ path, label, schema, isSecret, isRequired, value, onChange, problem }: ValueProps) {
  const control = controlOf(schema)
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  const placeholder = schema.default === undefined || schema.default === '' ? '' : valueText(schema.default)
  const take = (typed: string): void => {
    if (typed === '') onChange(undefined)
    else onChange(control === 'number' && Number.isFinite(Number(typed)) ? Number(typed) : typed)
  }
  return (
    <FormRow
      label={<Label text={label} isRequired={isRequired} />}
      help={schema.description}
      problem={problemAt(problem, path)}
    >
      {(own) =>
        control === 'long text' ? (
          <textarea
            {...own}
            className="field mono"
            rows={4}
            value={text}
            onChange={({ target }) => {
              take(target.value)
            }}
          />
        ) : (
          <input
            {...own}
            className={control === 'number' ? 'field short' : 'field'}
            type={isSecret ? 'password' : 'text'}
            inputMode={control === 'number' ? 'decimal' : undefined}
            autoComplete={isSecret ? 'new-password' : 'off'}
            placeholder={placeholder}
            value={text}
            onChange={({ target }) => {
              take(target.value)
            }}
          />
        )
      }
    </FormRow>
  )
}

function Label({ text, isRequired }: { readonly text: string; readonly isRequired: boolean }) {
  return (
    <>
      {text}
      {!isRequired && <span className="dim"> optional</span>}
    </>
  )
}

function Switch({ path, label, schema, value, onChange, problem }: ValueProps) {
  const isOn = typeof value === 'boolean' ? value : schema.default === true
  return (
    <FormRow label={label} help={schema.description} problem={problemAt(problem, path)}>
      {(own) => (
        <input
          {...own}
          className="tick"
          type="checkbox"
          checked={isOn}
          onChange={({ target }) => {
            onChange(target.checked)
          }}
        />
      )}
    </FormRow>
  )
}

function Choice({ path, label, schema, isRequired, value, onChange, problem }: ValueProps) {
  const usual = typeof schema.default === 'string' ? `${schema.default}, by default` : 'none chosen'
  return (
    <FormRow
      label={<Label text={label} isRequired={isRequired} />}
      help={schema.description}
      problem={problemAt(problem, path)}
    >
      {(own) => (
        <select
          {...own}
          className="field"
          value={typeof value === 'string' ? value : ''}
          onChange={({ target }) => {
            onChange(target.value === '' ? undefined : target.value)
          }}
        >
          <option value="">{usual}</option>
          {schema.enum?.map((choice) => (
            <option key={valueText(choice)}>{valueText(choice)}</option>
          ))}
        </select>
      )}
    </FormRow>
  )
}

function List({ path, label, schema, isRequired, value, onChange, problem }: ValueProps) {
  const [text, setText] = useState(() => (Array.isArray(value) ? value.map(String).join('\n') : ''))
  const help = `${schema.description ?? ''} One in each line.`.trim()
  return (
    <FormRow label={<Label text={label} isRequired={isRequired} />} help={help} problem={problemAt(problem, path)}>
      {(own) => (
        <textarea
          {...own}
          className="field"
          rows={3}
          value={text}
          onChange={({ target }) => {
            setText(target.value)
            const lines = target.value.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
            onChange(lines.length === 0 ? undefined : lines)
          }}
        />
      )}
    </FormRow>
  )
}

function Group({ path, label, schema, isSecret, value, onChange, onReads, problem }: ValueProps) {
  const values = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  return (
    <fieldset className="group-field">
      <legend className="label">{label}</legend>
      <p className="dim">{schema.description}</p>
      {settingsOf(schema).map(({ name, schema: own, isRequired }) => (
        <Value
          key={name}
          path={`${path}.${name}`}
          label={labelOf(name, own)}
          schema={own}
          isSecret={isSecret && !/id$/i.test(name)}
          isRequired={isRequired}
          value={values[name]}
          problem={problem}
          onReads={onReads}
          onChange={(changed) => {
            const next = withSetting(values, name, changed)
            onChange(Object.keys(next).length === 0 ? undefined : next)
          }}
        />
      ))}
      <p className="problem" role="alert">
        {problemAt(problem, path, { isGroup: true })}
      </p>
    </fieldset>
  )
}

function JsonValueField({ path, label, schema, isRequired, value, onChange, onReads, problem }: ValueProps) {
  const [text, setText] = useState(() => (value === undefined || value === '' ? '' : JSON.stringify(value, null, 2)))
  const [fault, setFault] = useState<string>()
  const take = (typed: string): void => {
    setText(typed)
    try {
      onChange(typed.trim() === '' ? undefined : (JSON.parse(typed) as JsonValue))
      setFault(undefined)
      onReads(true)
    } catch (error) {
      setFault((error as Error).message)
      onReads(false)
    }
  }
  const help = `${schema.description ?? ''} As JSON.`.trim()
  return (
    <FormRow
      label={<Label text={label} isRequired={isRequired} />}
      help={help}
      problem={fault ?? problemAt(problem, path)}
    >
      {(own) => (
        <textarea
          {...own}
          className="field mono"
          rows={4}
          spellCheck={false}
          value={text}
          onChange={({ target }) => {
            take(target.value)
          }}
        />
      )}
    </FormRow>
  )
}
