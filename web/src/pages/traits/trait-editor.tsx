/** The builder of computed traits: a sentence that ends in a value, with the values of everybody beside it. */
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Query } from '../../../../src/language/tree.ts'
import type { ComputedTraitAnswer } from '../../api/answers.ts'
import { useSpaceId } from '../../api/session.ts'
import { callsOf } from '../../builder/calls.tsx'
import { DefinitionFrame, type FrameWords } from '../../builder/definition-frame.tsx'
import { AddEvent } from '../../builder/event-slot.tsx'
import { countOf } from '../../builder/model/starts.ts'
import { Sheet } from '../../builder/sheet.tsx'
import { type Draft, useDraft } from '../../builder/use-draft.ts'
import { ValueSentence } from '../../builder/value-sentence.tsx'
import { count } from '../../parts/format.ts'
import { sentenceOf } from '../../words/sentence.ts'
import { type TraitType, useTraitChanges } from './queries.ts'
import { type DraftPreview, useTraitPreview } from './trait-preview.ts'
import { Values } from './values.tsx'
import './traits.css'

export interface TraitEditorProps {
  /** Undefined: a new one is made. */
  readonly trait?: ComputedTraitAnswer
  /** Beside the name. */
  readonly status?: ReactNode
  /** Above the definition: tabs of one that is there. */
  readonly tabs?: ReactNode
}

const WORDS: FrameWords = {
  one: 'computed trait',
  title: 'Computed trait',
  parent: { to: '/traits', text: 'Computed traits' },
  hint: 'Write a query, or choose an event above.',
}

export function TraitEditor({ trait, status, tabs }: TraitEditorProps) {
  const spaceId = useSpaceId()
  const draft = useTraitDraft(trait)
  const { type, isQueryChanged } = draft
  const { query, read, fault } = draft.editing.edited
  const preview = useTraitPreview(query && { spaceId, type, query: read, traitId: trait?.id })
  const isChange = trait !== undefined && isQueryChanged
  const isRead = !fault
  const answer = isChange && isRead && !preview.isOld ? preview.answer : undefined
  const calls = callsOf(answer?.deliveries)
  const changing = answer?.changing
  return (
    <DefinitionFrame
      words={WORDS}
      draft={draft}
      status={status}
      tabs={tabs}
      form={<Form draft={draft} />}
      preview={
        <>
          <Values
            preview={preview}
            isRead={isRead}
            changing={changing}
            type={type}
            query={read}
            event={eventOf(query)}
          />
          <TraitSheet preview={preview} isRead={isRead} calls={calls} type={type} />
        </>
      }
      saveNote={changing !== undefined && <span className="hide-s">{count(changing)} change</span>}
    />
  )
}

function eventOf(query: Query | undefined): string | undefined {
  return query?.kind === 'computed_trait' ? query.reduction.stream.event : undefined
}

/** A draft that is saved as a computed trait; one that is made is gone to. */
function useTraitDraft(trait: ComputedTraitAnswer | undefined): Draft {
  const navigate = useNavigate()
  const { create, change } = useTraitChanges()
  return useDraft({
    kind: 'computed_trait',
    kept: trait && { name: trait.name, type: trait.definition.type, query: trait.definition.query },
    save: async ({ name, type, query }, isQueryChanged) => {
      if (!trait) return create(name, type, query)
      await change(trait.id, { name, ...(isQueryChanged && { definition: { query } }) }, trait.updatedAt)
      return trait.id
    },
    onSaved: async (traitId) => {
      if (trait) return
      await navigate({ to: '/traits/$traitId', params: { traitId }, ignoreBlocker: true })
    },
  })
}

function Form({ draft }: { readonly draft: Draft }) {
  const { type, editing, isEditable } = draft
  const { query } = editing.edited
  const whom = type === 'USERS' ? 'Of each user' : 'Of each account'
  return (
    <>
      <section className="group" aria-label={whom}>
        <div className="join">{whom}</div>
        <div className="conds">
          {query?.kind === 'computed_trait' ? (
            <ValueSentence
              reduction={query.reduction}
              onChange={(reduction) => {
                editing.setQuery({ kind: 'computed_trait', reduction })
              }}
            />
          ) : (
            <div className="addrow" data-sentence>
              <AddEvent
                label="First event"
                text="+ choose an event, and then what is made of it"
                onTake={(event) => {
                  editing.setQuery({ kind: 'computed_trait', reduction: countOf(event) })
                }}
              />
            </div>
          )}
        </div>
      </section>
      {query === undefined && isEditable && <Examples draft={draft} />}
    </>
  )
}

const EXAMPLES = [
  "event('Order Completed').within(30 days).sum(property('revenue'))",
  "event('Product Viewed').mode(property('category'), 2)",
  "event('Order Completed').where(property('revenue') >= 100).count()",
  "event('Page Viewed').last(context('page.path'))",
]

function Examples({ draft: { type, editing } }: { readonly draft: Draft }) {
  return (
    <section aria-labelledby="examples" className="examples">
      <h2 id="examples">Examples</h2>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example}>
            <button
              type="button"
              onClick={() => {
                editing.setText(example)
              }}
            >
              {sentenceOf(example, 'computed_trait', type)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface SheetProps {
  readonly preview: DraftPreview
  readonly isRead: boolean
  readonly calls: number
  readonly type: TraitType
}

function TraitSheet({ preview: { answer, isOld }, isRead, calls, type }: SheetProps) {
  if (!answer) return null
  const { status, values, estimate } = answer
  return (
    <Sheet exact={status === 'COMPLETED' ? values?.count : undefined} estimate={estimate} isOld={isOld || !isRead}>
      {type === 'USERS' ? 'people' : 'accounts'} have a value
      {calls > 0 && `, ${count(calls)} calls when you save`}
    </Sheet>
  )
}
