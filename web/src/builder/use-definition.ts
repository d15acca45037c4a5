/**
 * A definition that is being edited: its text and its tree, two views of one thing with one history.
 *
 * D1. The tree is that of the text. While the text does not read, it is that of the last text that did.
 */
import { useCallback, useReducer } from 'react'
import { layOutQuery } from '../../../src/language/lay-out.ts'
import { parsePlacedQuery } from '../../../src/language/parse.ts'
import { QueryError } from '../../../src/language/query-error.ts'
import type { Places } from '../../../src/language/cursor.ts'
import type { Query } from '../../../src/language/tree.ts'

export interface QueryKind {
  readonly kind: 'audience' | 'computed_trait'
  readonly type: 'USERS' | 'ACCOUNTS'
}

/** Where a text does not read, and why. */
export interface Fault {
  readonly message: string
  /** In UTF-16 code units. */
  readonly offset: number
}

export interface Edited {
  readonly text: string
  /** Undefined while there is none yet. */
  readonly query: Query | undefined
  /** The text that the tree is of: the last one that read. */
  readonly read: string
  readonly places: Places
  /** Undefined if the text reads. */
  readonly fault: Fault | undefined
}

interface History {
  readonly past: readonly Edited[]
  readonly present: Edited
  readonly future: readonly Edited[]
  /** The text is being typed: one step back leads before all of it. */
  readonly isTyping: boolean
}

type Edit =
  | { readonly kind: 'text'; readonly text: string; readonly as: QueryKind }
  | { readonly kind: 'query'; readonly query: Query | undefined; readonly as: QueryKind }
  | { readonly kind: 'reset'; readonly text: string; readonly as: QueryKind }
  | { readonly kind: 'undo' | 'redo' }

const STEPS_MAX = 200
const NOTHING: Edited = { text: '', query: undefined, read: '', places: new Map(), fault: undefined }

/** Reads a text. Keeps D1. @param before the tree that stays if it does not read */
export function editedOf(text: string, as: QueryKind, before: Edited = NOTHING): Edited {
  if (text.trim() === '') return { ...NOTHING, text }
  try {
    const { query, places } = parsePlacedQuery(text, as)
    return { text, query, read: text, places, fault: undefined }
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const { query, read, places } = before
    return { text, query, read, places, fault: { message: error.message, offset: offsetOf(text, error) } }
  }
}

/** Returns the offset of a position, which counts code points. */
function offsetOf(text: string, { line, column }: { readonly line: number; readonly column: number }): number {
  const lines = text.split('\n')
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  const inLine = Array.from(lines[line - 1] ?? '').slice(0, column - 1)
  return before + inLine.join('').length
}

function reduce(history: History, edit: Edit): History {
  const { past, present, future, isTyping } = history
  switch (edit.kind) {
    case 'text': {
      if (edit.text === present.text) return history
      const next = editedOf(edit.text, edit.as, present)
      const before = isTyping ? past : [...past, present].slice(-STEPS_MAX)
      return { past: before, present: next, future: [], isTyping: true }
    }
    case 'query': {
      const next = editedOf(edit.query ? layOutQuery(edit.query) : '', edit.as, present)
      return { past: [...past, present].slice(-STEPS_MAX), present: next, future: [], isTyping: false }
    }
    case 'reset':
      return { past: [], present: editedOf(edit.text, edit.as), future: [], isTyping: false }
    case 'undo': {
      const last = past.at(-1)
      return last ? { past: past.slice(0, -1), present: last, future: [present, ...future], isTyping: false } : history
    }
    case 'redo': {
      const [next, ...later] = future
      return next ? { past: [...past, present], present: next, future: later, isTyping: false } : history
    }
  }
}

export interface DefinitionEditing {
  readonly edited: Edited
  readonly setText: (text: string) => void
  readonly setQuery: (query: Query | undefined) => void
  /** Begins anew with a text, without a history. */
  readonly reset: (text: string, as?: QueryKind) => void
  readonly undo: () => void
  readonly redo: () => void
}

/** Edits a definition of this kind, beginning with a text. */
export function useDefinition(text: string, as: QueryKind): DefinitionEditing {
  const { kind, type } = as
  const [history, dispatch] = useReducer(reduce, undefined, () => ({
    past: [],
    present: editedOf(text, as),
    future: [],
    isTyping: false,
  }))
  return {
    edited: history.present,
    setText: useCallback(
      (typed) => {
        dispatch({ kind: 'text', text: typed, as: { kind, type } })
      },
      [kind, type],
    ),
    setQuery: useCallback(
      (query) => {
        dispatch({ kind: 'query', query, as: { kind, type } })
      },
      [kind, type],
    ),
    reset: useCallback(
      (begun, begunAs) => {
        dispatch({ kind: 'reset', text: begun, as: begunAs ?? { kind, type } })
      },
      [kind, type],
    ),
    undo: useCallback(() => {
      dispatch({ kind: 'undo' })
    }, []),
    redo: useCallback(() => {
      dispatch({ kind: 'redo' })
    }, []),
  }
}
