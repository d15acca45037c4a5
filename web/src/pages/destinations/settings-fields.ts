/** The settings of a destination while they are edited: what is typed, what is wrong, and if it can be saved. */
import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import type { JsonObject } from './answers.ts'
import type { FieldProblem } from './schema.ts'

export interface EditedSettings {
  readonly values: JsonObject
  readonly setValues: (values: JsonObject) => void
  /** The refusal of the last save, at its field. */
  readonly problem: FieldProblem | undefined
  /** The refusal of the last save, of no field that is shown. */
  readonly fault: string | undefined
  readonly setUnread: (names: ReadonlySet<string>) => void
  readonly canSave: boolean
  /** Runs a save; resolves with whether it was taken. */
  readonly save: (run: () => Promise<void>) => Promise<boolean>
}

export function useEditedSettings(initial: JsonObject): EditedSettings {
  const [values, setValues] = useState(initial)
  const [refusal, setRefusal] = useState<Error>()
  const [unread, setUnread] = useState<ReadonlySet<string>>(new Set())
  const [isBusy, setBusy] = useState(false)
  const field = refusal instanceof ApiError ? refusal.field : undefined
  const isOfField = field?.startsWith('settings.') ?? false
  return {
    values,
    setValues,
    problem: refusal && field !== undefined && isOfField ? { path: field, message: refusal.message } : undefined,
    fault: refusal && !isOfField ? refusal.message : undefined,
    setUnread,
    canSave: unread.size === 0 && !isBusy,
    save: async (run) => {
      setBusy(true)
      setRefusal(undefined)
      try {
        await run()
        return true
      } catch (error) {
        setRefusal(error as Error)
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}
