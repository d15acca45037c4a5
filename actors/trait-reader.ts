/** How a `trait('…')` reference finds its value: a defined key shadows a custom trait, on users the users' keys first. */
import type { PathReader } from './values.ts'

export type TraitReader =
  | { readonly kind: 'custom'; readonly read: PathReader }
  /** A definition of the actor's own kind; `read` walks on into a value that is an object. */
  | {
      readonly kind: 'defined'
      readonly definition: number
      readonly isAudience: boolean
      readonly read: PathReader | undefined
    }
  /** An audience of accounts, as a user sees it: true if any of the user's accounts is in it. */
  | { readonly kind: 'account_audience'; readonly definition: number }
  /** A key defined where this actor cannot see it: it shadows, and is absent. */
  | { readonly kind: 'hidden' }
