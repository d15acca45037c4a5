/** A part that cannot be drawn, as text in its place; what does not read is kept until it does, with the reason. */
import { useEffect, useId, useState } from 'react'
import { printCondition, printReduction } from '../../../src/language/print.ts'
import { QueryError } from '../../../src/language/query-error.ts'
import type { Condition, Reduction } from '../../../src/language/tree.ts'
import { useBuilder } from './context.ts'
import { readCondition, readInside, readReduction } from './model/texts.ts'

interface TextRowProps<Read> {
  readonly text: string
  /** Throws a QueryError. */
  readonly read: (text: string) => Read
  readonly onChange: (read: Read) => void
  readonly onRemove?: () => void
}

function TextRow<Read>({ text, read, onChange, onRemove }: TextRowProps<Read>) {
  const { isEditable } = useBuilder()
  const [typed, setTyped] = useState(text)
  const [fault, setFault] = useState<string>()
  const id = useId()
  useEffect(() => {
    setTyped(text)
    setFault(undefined)
  }, [text])
  const change = (changed: string): void => {
    setTyped(changed)
    try {
      const value = read(changed)
      setFault(undefined)
      onChange(value)
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      setFault(error.message)
    }
  }
  return (
    <div className="text-row">
      <label className="dim" htmlFor={id}>
        written as text
      </label>
      <textarea
        id={id}
        className="field mono"
        rows={Math.min(6, 1 + Math.floor(typed.length / 70))}
        value={typed}
        readOnly={!isEditable}
        spellCheck={false}
        aria-invalid={fault !== undefined}
        aria-describedby={`${id}-fault`}
        onChange={({ target }) => {
          change(target.value)
        }}
      />
      <p id={`${id}-fault`} className="problem" role="status">
        {fault}
      </p>
      {onRemove && isEditable && (
        <button type="button" className="link" onClick={onRemove}>
          Remove
        </button>
      )}
    </div>
  )
}

export interface ConditionTextProps {
  readonly condition: Condition
  /** True inside the `where` of an event. */
  readonly isInside?: boolean
  readonly onChange: (condition: Condition) => void
  readonly onRemove?: () => void
}

export function ConditionText({ condition, isInside = false, ...rest }: ConditionTextProps) {
  const { type } = useBuilder()
  return (
    <TextRow
      text={printCondition(condition)}
      read={(text) => (isInside ? readInside(text, type) : readCondition(text, type))}
      {...rest}
    />
  )
}

export interface ReductionTextProps {
  readonly reduction: Reduction
  readonly onChange: (reduction: Reduction) => void
}

export function ReductionText({ reduction, onChange }: ReductionTextProps) {
  const { type } = useBuilder()
  return <TextRow text={printReduction(reduction)} read={(text) => readReduction(text, type)} onChange={onChange} />
}
