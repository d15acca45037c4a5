/** A test in words: a comparator, and what stands to its right. */
import { useState } from 'react'
import { COMPARATOR_WORDS } from '../../../src/language/test-words.ts'
import type { Comparator, Operand } from '../../../src/language/tree.ts'
import type { ObservedField } from '../api/answers.ts'
import { Segmented } from '../parts/segmented.tsx'
import { useBuilder } from './context.ts'
import { DurationSlot } from './duration-slot.tsx'
import { replaced, without } from './model/groups.ts'
import { type ComparatorName, comparatorsFor, literalOf, rightKindOf, withComparator, wordsOf } from './model/tests.ts'
import { choiceOf, typeOf, useComputedTraits, useProperties, useTraits, valuesOf } from './observed.ts'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'

export interface TestWordsProps {
  readonly test: Comparator
  /** The field that is tested, as it was observed; undefined if nothing is known of it. */
  readonly field: ObservedField | undefined
  /** The type of value, where it is not a field that says it. */
  readonly type?: string
  /** The event around the one that is tested. */
  readonly parent: string | undefined
  readonly onChange: (test: Comparator) => void
}

export function TestWords({ test, field, type = typeOf(field), parent, onChange }: TestWordsProps) {
  const { comparator } = test
  const rights = 'right' in test ? [test.right].flat() : []
  const change = (right: readonly Operand[]): void => {
    onChange({ ...test, right: rightKindOf(comparator) === 'list' ? right : right[0]! } as Comparator)
  }
  return (
    <>
      <Slot label="Comparator" text={wordsOfComparator(comparator)}>
        {(close) => (
          <Choices
            label="Comparators"
            placeholder="Compare"
            choices={comparatorsFor(type).map((id) => ({ id, text: COMPARATOR_WORDS[id] }))}
            onTake={(id) => {
              onChange(withComparator(test, id as ComparatorName, Date.now()))
              close()
            }}
          />
        )}
      </Slot>
      {rightKindOf(comparator) !== 'none' && ' '}
      {'duration' in test && (
        <>
          <DurationSlot
            label="How long"
            duration={test.duration}
            onChange={(duration) => {
              onChange({ ...test, duration })
            }}
          />
          {AFTER[comparator]}
        </>
      )}
      {rights.map((operand, index) => (
        <span key={index}>
          {index > 0 && ' or '}
          <OperandSlot
            operand={operand}
            field={field}
            type={type}
            parent={parent}
            onChange={(changed) => {
              change(replaced(rights, index, changed))
            }}
            {...(rights.length > 1 && {
              onRemove: () => {
                change(without(rights, index))
              },
            })}
          />
        </span>
      ))}
      {rightKindOf(comparator) === 'list' && (
        <OperandSlot
          operand={undefined}
          field={field}
          type={type}
          parent={parent}
          onChange={(added) => {
            change([...rights, added])
          }}
        />
      )}
    </>
  )
}

const AFTER: Partial<Record<ComparatorName, string>> = { before_last: ' ago', after_next: ' from now' }

/** The words before the right side. */
function wordsOfComparator(comparator: ComparatorName): string {
  return COMPARATOR_WORDS[comparator].split(' …')[0]!
}

interface OperandSlotProps {
  /** Undefined for one that is to be added. */
  readonly operand: Operand | undefined
  readonly field: ObservedField | undefined
  readonly type: string | undefined
  readonly parent: string | undefined
  readonly onChange: (operand: Operand) => void
  readonly onRemove?: () => void
}

export function OperandSlot({ operand, field, type, parent, onChange, onRemove }: OperandSlotProps) {
  const isReference = operand !== undefined && operand.kind !== 'literal' && operand.kind !== 'date'
  const text = operand === undefined ? '+ or' : wordsOf(operand, parent)
  return (
    <Slot label="Value" text={text} look={operand === undefined ? 'add' : isReference ? 'dyn' : 'v'}>
      {(close) => (
        <OperandChoices
          start={isReference ? (operand.kind === 'trait' ? 'trait' : 'parent') : 'value'}
          field={field}
          type={type}
          parent={parent}
          onChange={(taken) => {
            onChange(taken)
            close()
          }}
          {...(onRemove && {
            onRemove: () => {
              onRemove()
              close()
            },
          })}
        />
      )}
    </Slot>
  )
}

type From = 'value' | 'parent' | 'trait'

interface OperandChoicesProps extends Omit<OperandSlotProps, 'operand'> {
  readonly start: From
}

function OperandChoices({ start, field, type, parent, onChange, onRemove }: OperandChoicesProps) {
  const [from, choose] = useState<From>(start === 'parent' && parent === undefined ? 'value' : start)
  const head = (
    <Segmented<From>
      label="Compare with"
      className="pop-seg"
      choices={[
        { id: 'value', text: 'A value' },
        ...(parent === undefined ? [] : [{ id: 'parent' as const, text: parent }]),
        { id: 'trait', text: 'A trait' },
      ]}
      value={from}
      onChange={choose}
    />
  )
  if (from === 'parent') return <ParentChoices parent={parent!} head={head} onChange={onChange} />
  if (from === 'trait') return <TraitChoices head={head} onChange={onChange} />
  const removal = onRemove ? [{ id: REMOVE, text: 'Remove this value' }] : []
  return (
    <Choices
      label="Values"
      placeholder={type === 'number' ? 'A number' : 'A value'}
      head={head}
      choices={[...valuesOf(field), ...removal]}
      onTake={(id) => {
        if (id === REMOVE) onRemove?.()
        else onChange({ kind: 'literal', value: JSON.parse(id) as string | number | boolean })
      }}
      onTyped={(text) => {
        onChange(literalOf(text, type))
      }}
    />
  )
}

const REMOVE = '\u0000remove'

interface ReferenceProps {
  readonly head: React.ReactNode
  readonly onChange: (operand: Operand) => void
}

function ParentChoices({ parent, head, onChange }: ReferenceProps & { readonly parent: string }) {
  const { list, isLoading } = useProperties(parent)
  const take = (path: string): void => {
    onChange({ kind: 'property', path, parent: true })
  }
  return (
    <Choices
      label={`Properties of ${parent}`}
      placeholder={`Property of ${parent}`}
      head={head}
      choices={list.map(choiceOf)}
      isLoading={isLoading}
      onTake={take}
      onTyped={take}
    />
  )
}

function TraitChoices({ head, onChange }: ReferenceProps) {
  const { list, isLoading } = useTraits()
  const computed = useComputedTraits()
  const { type } = useBuilder()
  const take = (name: string): void => {
    onChange({ kind: 'trait', name })
  }
  return (
    <Choices
      label="Traits"
      placeholder={type === 'USERS' ? 'A trait of the same person' : 'A trait of the same account'}
      head={head}
      choices={[...computed.map(({ key, name }) => ({ id: key, text: key, note: name })), ...list.map(choiceOf)]}
      isLoading={isLoading}
      onTake={take}
      onTyped={take}
    />
  )
}
