/** The surrounding of every word of a definition that is being edited. */
import { createContext, useContext } from 'react'

export interface BuilderContext {
  readonly spaceId: string
  readonly type: 'USERS' | 'ACCOUNTS'
  /** False for a role that may only look: then words are text. */
  readonly isEditable: boolean
}

export const BuilderContext = createContext<BuilderContext>({ spaceId: '', type: 'USERS', isEditable: false })

export function useBuilder(): BuilderContext {
  return useContext(BuilderContext)
}
