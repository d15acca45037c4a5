/** A condition that cannot be drawn, as text in its place; what does not read is kept until it does, with the reason. */
import { useEffect, useId, useState } from 'react'
import { parseQuery } from '../../../src/language/parse.ts'
import { printCondition } from '../../../src/language/print.ts'
import { QueryError } from '../../../src/language/query-error.ts'
import type { Condition } from '../../../src/language/tree.ts'
import { useBuilder } from './context.ts'

export interface TextRowProps {
  readonly condition: Condition
  /** True inside the `where` of an event. */
  readonly isInside?: boolean
  readonly onChange: (condition: Condition) => void
  readonly onRemove?: () => void
}

export function TextRow({ condition, isInside = false, onChange, onRemove }: TextRowProps) {
  const { type, isEditable } = useBuilder()
  const printed = printCondition(condition)
  const [typed, setTyped] = useState(printed)
  const [fault, setFault] = useState<string>()
  const id = useId()
  useEffect(() => {
    setTyped(printed)
    setFault(undefined)
  }, [printed])
  const change = (text: string): void => {
    setTyped(text)
    try {
      const read = readCondition(text, type, isInside)
      setFault(undefined)
      onChange(read)
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
        rows={Math.min(6, Math.ceil(typed.length / 70))}
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

/** Reads a condition of its own, or one that stands inside the `where` of an event. */
function readCondition(text: string, type: 'USERS' | 'ACCOUNTS', isInside: boolean): Condition {
  if (!isInside) return (parseQuery(text, { kind: 'audience', type }) as { condition: Condition }).condition
  const around = parseQuery(`event('A').where(event('B').where(${text}).count() >= 1).count() >= 1`, {
    kind: 'audience',
    type,
  }) as unknown as {
    condition: {
      left: { stream: { filters: [{ condition: { left: { stream: { filters: [{ condition: Condition }] } } } }] } }
    }
  }
  return around.condition.left.stream.filters[0].condition.left.stream.filters[0].condition
}
