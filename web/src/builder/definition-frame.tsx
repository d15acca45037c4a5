/**
 * The frame in which a definition is edited: its name and what is not saved in the bar, then its sentences and its
 * text, and the answer beside them.
 */
import { type ReactNode, useEffect, useState } from 'react'
import type { Query } from '../../../src/language/tree.ts'
import type { DefinitionType } from '../../../src/model/definition.ts'
import { useSpaceId } from '../api/session.ts'
import { Page, type PageProps } from '../frame/page.tsx'
import { Segmented } from '../parts/segmented.tsx'
import './builder.css'
import { BuilderContext } from './context.ts'
import { TextPane } from './text-pane.tsx'
import type { Draft } from './use-draft.ts'

/** The words for what is defined. */
export interface FrameWords {
  /** "audience" */
  readonly one: string
  /** "Audience" */
  readonly title: string
  readonly parent: PageProps['parent'] & {}
  /** Stands below the text while there is none. */
  readonly hint: string
}

export interface DefinitionFrameProps {
  readonly words: FrameWords
  readonly draft: Draft
  /** Beside the name. */
  readonly status?: ReactNode
  /** Above the definition: tabs of one that is there. */
  readonly tabs?: ReactNode
  /** The definition as sentences. */
  readonly form: ReactNode
  /** The answer to the definition. */
  readonly preview: ReactNode
  /** Beside the word on the button that saves a change. */
  readonly saveNote?: ReactNode
  /** The place in the text that is looked at. */
  readonly marked?: { readonly start: number; readonly end: number } | undefined
  readonly onCursor?: (offset: number) => void
}

type View = 'form' | 'both' | 'text'

const OF = [
  { id: 'USERS', text: 'Users' },
  { id: 'ACCOUNTS', text: 'Accounts' },
] as const
const VIEWS = ['form', 'both', 'text'] as const
const VIEW_CHOICES = [
  { id: 'form', text: 'Form' },
  { id: 'both', text: 'Both' },
  { id: 'text', text: 'Text' },
] as const

export function DefinitionFrame(props: DefinitionFrameProps) {
  const { words, draft, status, tabs, form, preview, saveNote, marked, onCursor } = props
  const { isNew, isEditable, isChanged, type, editing } = draft
  const { edited } = editing
  const spaceId = useSpaceId()
  const [view, setView] = useState<View>('both')
  useKeys({ draft, view, setView })
  return (
    <BuilderContext value={{ spaceId, type, isEditable }}>
      <Page
        title={isNew ? `New ${words.one}` : draft.name || words.title}
        parent={words.parent}
        isOwnLayout
        note={isChanged && <span className="chip warn">unsaved</span>}
        actions={isEditable && <Actions words={words} draft={draft} saveNote={saveNote} />}
      >
        <div className="build">
          <main className="left">
            <div className="ttl">
              <Name label={`Name of the ${words.one}`} draft={draft} />
              {status}
              <span className="grow" />
              <Segmented<DefinitionType>
                label="Of"
                choices={OF.filter(({ id }) => isNew || id === type)}
                value={type}
                onChange={draft.setType}
              />
              <Segmented<View> className="hide-s" label="View" choices={VIEW_CHOICES} value={view} onChange={setView} />
            </div>
            {tabs}
            {draft.refusal && (
              <p className="problem" role="alert">
                {draft.refusal.message}
              </p>
            )}
            {view !== 'text' && (
              <div className={edited.fault ? 'form dimmed' : 'form'} inert={edited.fault !== undefined}>
                {form}
              </div>
            )}
            {(view !== 'form' || edited.fault) && (
              <TextPane
                edited={edited}
                isEditable={isEditable}
                marked={marked}
                onText={editing.setText}
                onCursor={onCursor}
                note={edited.query ? noteOf(edited.query) : words.hint}
              />
            )}
          </main>
          {preview}
        </div>
      </Page>
    </BuilderContext>
  )
}

interface KeysOptions {
  readonly draft: Draft
  readonly view: View
  readonly setView: (view: View) => void
}

/** Follows the keys that work wherever the focus is: what had it may just have been hidden, or undone. */
function useKeys({ draft, view, setView }: KeysOptions): void {
  const onKeyDown = (event: KeyboardEvent): void => {
    const isCommand = event.metaKey || event.ctrlKey
    const isInField = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA)$/.test(event.target.tagName)
    if (isCommand && event.key === 'Enter' && draft.isReady) draft.save()
    else if (isCommand && event.key === '\\') setView(VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length]!)
    else if (isCommand && event.key.toLowerCase() === 'z' && !isInField)
      (event.shiftKey ? draft.editing.redo : draft.editing.undo)()
    else return
    // Slots take Enter by themselves.
    event.stopPropagation()
    event.preventDefault()
  }
  useEffect(() => {
    document.addEventListener('keydown', onKeyDown, true)
    return () => {
      document.removeEventListener('keydown', onKeyDown, true)
    }
  })
}

function Actions({ words, draft, saveNote }: Pick<DefinitionFrameProps, 'words' | 'draft' | 'saveNote'>) {
  return (
    <>
      {draft.isChanged && (
        <button type="button" className="btn quiet hide-s" onClick={draft.discard}>
          Discard
        </button>
      )}
      <button type="button" className="btn pri" disabled={!draft.isReady} onClick={draft.save}>
        {draft.isNew ? 'Create' : 'Save'}
        {draft.isNew ? <span className="hide-s">{words.one}</span> : saveNote}
      </button>
    </>
  )
}

const NAME_COLUMNS_MIN = 18

function Name({ label, draft }: { readonly label: string; readonly draft: Draft }) {
  const { name, isEditable, setName } = draft
  if (!isEditable) return <h1>{name}</h1>
  return (
    <h1 className="name">
      <input
        aria-label={label}
        placeholder={label}
        maxLength={255}
        value={name}
        size={Math.max(NAME_COLUMNS_MIN, (name || label).length)}
        onChange={({ target }) => {
          setName(target.value)
        }}
      />
    </h1>
  )
}

const CONDITIONS_MAX = 50

/** Says how many of the conditions that a query may have are used: the reducer of a computed trait is one. */
function noteOf(query: Query): string {
  const used = comparisonsIn(query) + (query.kind === 'computed_trait' ? 1 : 0)
  return `Reads as above. ${used} of ${CONDITIONS_MAX} conditions.`
}

/** Counts the comparisons of a tree, those inside a `where` too. */
function comparisonsIn(tree: unknown): number {
  if (typeof tree !== 'object' || tree === null) return 0
  const own = 'kind' in tree && tree.kind === 'comparison' ? 1 : 0
  return Object.values(tree).reduce<number>((sum, part) => sum + comparisonsIn(part), own)
}
