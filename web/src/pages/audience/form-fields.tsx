/** Fields with their labels. */
import { useId } from 'react'

export interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly required?: boolean
}

export function TextField({ label, value, onChange, required = false }: TextFieldProps) {
  const id = useId()
  return (
    <div>
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="field"
        value={value}
        required={required}
        onChange={({ target }) => {
          onChange(target.value)
        }}
      />
    </div>
  )
}

export interface NumberFieldProps {
  readonly label: string
  readonly value: number
  readonly max?: number
  readonly onChange: (value: number) => void
}

/** Takes whole numbers from 0 on. */
export function NumberField({ label, value, max, onChange }: NumberFieldProps) {
  const id = useId()
  return (
    <div>
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="field"
        type="number"
        min={0}
        {...(max !== undefined && { max })}
        step={1}
        value={value}
        onChange={({ target }) => {
          onChange(target.valueAsNumber || 0)
        }}
      />
    </div>
  )
}

export interface NameInputProps {
  /** For screen readers: nothing else names it. */
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly onChange: (value: string) => void
  /** The id of a list of suggestions. */
  readonly list?: string
}

export function NameInput({ label, placeholder, value, onChange, list }: NameInputProps) {
  return (
    <input
      className="field"
      aria-label={label}
      placeholder={placeholder}
      {...(list !== undefined && { list })}
      value={value}
      onChange={({ target }) => {
        onChange(target.value)
      }}
    />
  )
}
