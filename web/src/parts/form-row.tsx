/** A field of a form with its label, what it is for, and what is wrong with it. */
import { type ReactNode, useId } from 'react'

/** Attributes that a control needs, so that its label and its problem are read out with it. */
export interface ControlProps {
  readonly id: string
  readonly 'aria-describedby': string
  readonly 'aria-invalid': boolean
}

export interface FormRowProps {
  readonly label: ReactNode
  readonly help?: ReactNode
  readonly problem?: string | undefined
  readonly children: (control: ControlProps) => ReactNode
}

export function FormRow({ label, help, problem, children }: FormRowProps) {
  const id = useId()
  return (
    <div className="form-row">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      {children({ id, 'aria-describedby': `${id}-help ${id}-problem`, 'aria-invalid': problem !== undefined })}
      <div id={`${id}-help`} className="dim">
        {help}
      </div>
      <p id={`${id}-problem`} className="problem" role="alert">
        {problem}
      </p>
    </div>
  )
}

export interface TextRowProps extends Omit<FormRowProps, 'children'> {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly autoFocus?: boolean
}

/** A line of text, of at most 255 characters, as names are. */
export function TextRow({ value, onChange, autoFocus = false, ...row }: TextRowProps) {
  return (
    <FormRow {...row}>
      {(own) => (
        <input
          {...own}
          className="field"
          autoComplete="off"
          autoFocus={autoFocus}
          maxLength={255}
          value={value}
          onChange={({ target }) => {
            onChange(target.value)
          }}
        />
      )}
    </FormRow>
  )
}
