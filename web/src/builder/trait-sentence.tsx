/** A sentence about a trait, "have plan that is basic", or about another audience, "are in VIP". */
import { Tag, UsersRound } from 'lucide-react'
import type { Comparison, TraitReference } from '../../../src/language/tree.ts'
import { areIn } from './model/starts.ts'
import { choiceOf, useAudiences, useComputedTraits, useTraits } from './observed.ts'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'
import { TestWords } from './test-words.tsx'

export type TraitComparison = Comparison & { readonly left: TraitReference }

export interface TraitSentenceProps {
  readonly comparison: TraitComparison
  readonly onChange: (comparison: Comparison) => void
}

export function TraitSentence({ comparison, onChange }: TraitSentenceProps) {
  const { name } = comparison.left
  const { list } = useTraits()
  const computed = useComputedTraits().find(({ key }) => key === name)
  const audience = useAudiences().find(({ key }) => key === name)
  const isIn = membershipOf(comparison)
  if (audience && isIn !== undefined)
    return (
      <div className="say1">
        are{' '}
        <Slot label="In or not" text={isIn ? 'in' : 'not in'}>
          {(close) => (
            <Choices
              label="In or not"
              placeholder="In or not"
              choices={[
                { id: 'in', text: 'in' },
                { id: 'out', text: 'not in' },
              ]}
              onTake={(id) => {
                onChange(areIn(name, id === 'in'))
                close()
              }}
            />
          )}
        </Slot>{' '}
        <Slot label="Audience" text={audience.name} look="dyn" icon={<UsersRound className="i" aria-hidden="true" />}>
          {(close) => (
            <AudienceChoices
              onTake={(key) => {
                onChange(areIn(key, isIn))
                close()
              }}
            />
          )}
        </Slot>
      </div>
    )
  return (
    <div className="say1">
      have{' '}
      <Slot label="Trait" text={computed?.name ?? name} icon={<Tag className="i" aria-hidden="true" />}>
        {(close) => (
          <TraitChoices
            onTake={(taken) => {
              onChange({ ...comparison, left: { kind: 'trait', name: taken } })
              close()
            }}
          />
        )}
      </Slot>{' '}
      that{' '}
      <TestWords
        test={comparison}
        field={list.find(({ path }) => path === name)}
        parent={undefined}
        onChange={(test) => {
          onChange({ kind: 'comparison', left: comparison.left, ...test })
        }}
      />
    </div>
  )
}

/** Returns if a comparison says that somebody is in an audience, or is not; undefined if it says something else. */
function membershipOf(comparison: Comparison): boolean | undefined {
  if (comparison.comparator !== 'equals' || !('right' in comparison)) return undefined
  const { right } = comparison as { readonly right: { readonly kind: string; readonly value?: unknown } }
  return right.kind === 'literal' && typeof right.value === 'boolean' ? right.value : undefined
}

interface TakeProps {
  readonly onTake: (name: string) => void
}

export function TraitChoices({ onTake }: TakeProps) {
  const { list, isLoading } = useTraits()
  const computed = useComputedTraits()
  return (
    <Choices
      label="Traits"
      placeholder="A trait"
      choices={[...computed.map(({ key, name }) => ({ id: key, text: name, note: 'computed' })), ...list.map(choiceOf)]}
      isLoading={isLoading}
      onTake={onTake}
      onTyped={onTake}
    />
  )
}

export function AudienceChoices({ onTake }: TakeProps) {
  const audiences = useAudiences()
  return (
    <Choices
      label="Audiences"
      placeholder="An audience"
      choices={audiences.map(({ key, name }) => ({ id: key, text: name }))}
      onTake={onTake}
    />
  )
}
