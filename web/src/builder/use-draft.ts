/**
 * A definition with its name, as it is edited until it is saved: audiences and computed traits alike.
 *
 * F1. Nothing that is not saved is left without asking.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { layOutQuery } from '../../../src/language/lay-out.ts'
import type { Query } from '../../../src/language/tree.ts'
import type { DefinitionType } from '../../../src/model/definition.ts'
import { useMay } from '../api/session.ts'
import { type DefinitionEditing, editedOf, type QueryKind, useDefinition } from './use-definition.ts'

export interface Definition {
  readonly name: string
  readonly type: DefinitionType
  readonly query: string
}

export interface DraftOptions {
  readonly kind: QueryKind['kind']
  /** As it is kept by the server; undefined for a new one. */
  readonly kept: Definition | undefined
  /** Saves it; rejects with an ApiError if it is refused. */
  readonly save: (draft: Definition, isQueryChanged: boolean) => Promise<string>
  /** Called after it was saved, with its id, once everything shown is of the new one. */
  readonly onSaved: (id: string) => Promise<void>
}

export interface Draft extends Definition {
  readonly isNew: boolean
  readonly isEditable: boolean
  readonly isChanged: boolean
  /** True if its text says something else than what is kept. */
  readonly isQueryChanged: boolean
  /** True if it can be saved. */
  readonly isReady: boolean
  readonly isSaving: boolean
  /** The refusal of the last attempt to save. */
  readonly refusal: Error | undefined
  readonly editing: DefinitionEditing
  readonly setName: (name: string) => void
  readonly setType: (type: DefinitionType) => void
  readonly save: () => void
  readonly discard: () => void
}

export function useDraft({ kind, kept, save, onSaved }: DraftOptions): Draft {
  const queries = useQueryClient()
  const isEditable = useMay('editor')
  const [type, setType] = useState<DefinitionType>(kept?.type ?? 'USERS')
  const [name, setName] = useState(kept?.name ?? '')
  const shown = kept ? laidOut(kept.query, { kind, type: kept.type }) : ''
  const editing = useDefinition(shown, { kind, type })
  const { text, query, fault } = editing.edited
  const isQueryChanged = !isSame(text, shown, fault ? undefined : query)
  const isChanged = name !== (kept?.name ?? '') || isQueryChanged
  const saving = useMutation({
    mutationFn: () => save({ name, type, query: text }, isQueryChanged),
    onSuccess: async (id) => {
      await queries.invalidateQueries()
      await onSaved(id)
    },
  })
  // Keeps F1.
  useBlocker({
    shouldBlockFn: () => isChanged && !confirm('Leave without saving?'),
    enableBeforeUnload: () => isChanged,
  })
  return {
    name,
    type,
    query: text,
    isNew: kept === undefined,
    isEditable,
    isChanged,
    isQueryChanged,
    isReady: isEditable && isChanged && !fault && query !== undefined && name.trim() !== '' && !saving.isPending,
    isSaving: saving.isPending,
    refusal: saving.error ?? undefined,
    editing,
    setName,
    setType: (chosen) => {
      setType(chosen)
      const as = { kind, type: chosen }
      // A definition of accounts may say what one of users cannot.
      editing.reset(editedOf(text, as).fault ? '' : text, as)
    },
    save: () => {
      saving.mutate()
    },
    discard: () => {
      setName(kept?.name ?? '')
      editing.reset(shown)
    },
  }
}

/** Returns a query as a person would lay it out; as it is, if it does not read. */
function laidOut(text: string, as: QueryKind): string {
  const { query, fault } = editedOf(text, as)
  return query && !fault ? layOutQuery(query) : text
}

/** True if a text says what is shown of what is kept, however it is laid out. */
function isSame(text: string, shown: string, query: Query | undefined): boolean {
  if (text === shown) return true
  return query !== undefined && shown !== '' && layOutQuery(query) === shown
}
