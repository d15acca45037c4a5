/**
 * The editor of query text: colours by the product's own lexer, completion of its words and of observed names, the place
 * of a fault, and the line of the condition that is looked at.
 */
import '@fontsource-variable/geist-mono/wght.css'
import { autocompletion, type CompletionSource } from '@codemirror/autocomplete'
import { defaultKeymap } from '@codemirror/commands'
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, setDiagnostics } from '@codemirror/lint'
import { EditorState, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'
import { roleOf } from '../../../src/language/vocabulary.ts'
import { useCompletion } from './completion.ts'

export interface TextEditorProps {
  readonly text: string
  readonly isEditable: boolean
  readonly marked: { readonly start: number; readonly end: number } | undefined
  /** Offset of what does not read. */
  readonly faultAt: number | undefined
  readonly onText: (text: string) => void
  readonly onCursor: ((offset: number) => void) | undefined
}

const JUNCTIONS = /^(AND|OR|NOT|ANY|ALL|NONE)$/i

/** Tokens as the product's lexer has them; a token that it does not know is left as it is. */
const language = StreamLanguage.define({
  token: (stream) => {
    if (stream.eatSpace()) return null
    if (stream.match(/^'(\\'|[^'])*'?/) ?? stream.match(/^"(\\"|[^"])*"?/)) return 'string'
    if (stream.match(/^[+-]?\d[\d.eE:TZ+-]*/)) return 'number'
    const word = stream.match(/^[A-Za-z_]\w*/) as RegExpMatchArray | null
    if (word) return JUNCTIONS.test(word[0]) ? 'keyword' : roleOf(word[0]) ? 'function' : 'atom'
    stream.next()
    return 'punctuation'
  },
  tokenTable: { function: tags.function(tags.variableName) },
})

const colours = HighlightStyle.define([
  { tag: tags.keyword, class: 'kw' },
  { tag: tags.string, class: 'str' },
  { tag: tags.number, class: 'nu' },
  { tag: tags.punctuation, class: 'pu' },
])

const mark = StateEffect.define<{ readonly start: number; readonly end: number } | undefined>()
const markedLines = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (before, transaction) => {
    let lines = before.map(transaction.changes)
    for (const effect of transaction.effects) if (effect.is(mark)) lines = linesOf(transaction.state, effect.value)
    return lines
  },
  provide: (field) => EditorView.decorations.from(field),
})

const AT = Decoration.line({ class: 'at' })

function linesOf(
  state: EditorState,
  place: { readonly start: number; readonly end: number } | undefined,
): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  if (place && place.end <= state.doc.length)
    for (let at = place.start; at <= place.end;) {
      const line = state.doc.lineAt(at)
      builder.add(line.from, line.from, AT)
      at = line.to + 1
    }
  return builder.finish()
}

export default function TextEditor({ text, isEditable, marked, faultAt, onText, onCursor }: TextEditorProps) {
  const parent = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const complete = useCompletion()
  const told = useRef({ onText, onCursor, complete })
  told.current = { onText, onCursor, complete }
  useEffect(() => {
    const editor = new EditorView({
      parent: parent.current!,
      state: EditorState.create({ doc: text, extensions: extensionsOf(isEditable, told) }),
    })
    view.current = editor
    return () => {
      editor.destroy()
    }
    // The text of later renderings is dispatched below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isEditable])
  useEffect(() => {
    const editor = view.current!
    if (editor.state.doc.toString() !== text)
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } })
    const diagnostics: Diagnostic[] =
      faultAt === undefined
        ? []
        : [
            {
              from: Math.min(faultAt, text.length),
              to: Math.min(faultAt + 1, text.length),
              severity: 'error',
              message: 'It does not read from here on',
            },
          ]
    editor.dispatch(setDiagnostics(editor.state, diagnostics))
    editor.dispatch({ effects: mark.of(marked) })
  }, [text, faultAt, marked?.start, marked?.end]) // eslint-disable-line react-hooks/exhaustive-deps
  return <div className="editor" ref={parent} />
}

interface Told {
  readonly current: {
    readonly onText: (text: string) => void
    readonly onCursor: ((offset: number) => void) | undefined
    readonly complete: CompletionSource
  }
}

function extensionsOf(isEditable: boolean, told: Told) {
  const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? ''
  return [
    EditorView.cspNonce.of(nonce),
    lineNumbers(),
    language,
    syntaxHighlighting(colours),
    markedLines,
    EditorState.readOnly.of(!isEditable),
    autocompletion({ override: [(context) => told.current.complete(context)] }),
    keymap.of(defaultKeymap),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': 'Query text', spellcheck: 'false' }),
    EditorView.updateListener.of((update) => {
      if (
        update.docChanged &&
        update.transactions.some((each) => each.isUserEvent('input') || each.isUserEvent('delete'))
      )
        told.current.onText(update.state.doc.toString())
      if (update.selectionSet && update.view.hasFocus) told.current.onCursor?.(update.state.selection.main.head)
    }),
  ]
}
