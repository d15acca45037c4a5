/**
 * The syntax tree of a checked query. It holds meaning only: positions, sugar and spelling are gone,
 * so that equal trees are equal definitions and `parse(print(tree))` equals `tree`.
 */
import type { Unit } from '../model/time.ts'

/** An amount in the unit that was written; `durationMs` gives milliseconds. */
export interface Duration {
  readonly amount: number
  readonly unit: Unit
}

/** The condition of an audience. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Condition[] }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'quantifier'; readonly quantifier: 'any' | 'all' | 'none'; readonly operand: Condition }
  | Comparison

export type Comparison = { readonly kind: 'comparison'; readonly left: Scalar } & Comparator

/** `=` is `equals` and so on: the tree knows the long names only. */
export type Comparator =
  | { readonly comparator: BinaryComparator; readonly right: Operand }
  | { readonly comparator: ListComparator; readonly right: readonly Operand[] }
  | { readonly comparator: 'absent' | 'exists' }
  | { readonly comparator: DateComparator; readonly right: Operand }
  | { readonly comparator: RelativeDateComparator; readonly duration: Duration }

export type BinaryComparator = 'equals' | 'differs' | 'greater_than' | 'at_least' | 'less_than' | 'at_most'
/** Any argument may fit (`contains`, `starts_with`, `ends_with`, `one_of`), or none may (`omits`, `none_of`). */
export type ListComparator = 'contains' | 'omits' | 'starts_with' | 'ends_with' | 'one_of' | 'none_of'
export type DateComparator = 'before_date' | 'after_date'
export type RelativeDateComparator = 'within_last' | 'within_next' | 'before_last' | 'after_next'

export type Scalar = TraitReference | EventField | Reduction

export interface TraitReference {
  readonly kind: 'trait'
  readonly name: string
}

/** A property or a context field of an event; `parent`: of the directly enclosing event (properties only). */
export type EventField =
  | { readonly kind: 'property'; readonly path: string; readonly parent: boolean }
  | { readonly kind: 'context'; readonly path: string }

/** Right side of a comparison. A date keeps its text: only date comparators read it as an instant. */
export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'date'; readonly text: string }
  | TraitReference
  | EventField

/** A stream of events reduced to one value. */
export interface Reduction {
  readonly kind: 'reduction'
  readonly stream: Stream
  readonly reducer: Reducer
}

export type Reducer =
  | { readonly kind: 'count' }
  | { readonly kind: 'sum' | 'avg' | 'first' | 'last' | 'unique' | 'unique_count'; readonly of: EventField }
  | { readonly kind: 'min' | 'max'; readonly of: EventField; readonly as: 'number' | 'string' }
  | {
      readonly kind: 'mode'
      readonly of: EventField
      /** `value`, where none was written: the form first seen; `string`: its text; `array`: an array counts whole. */
      readonly as: 'value' | 'string' | 'number' | 'array'
      readonly minFrequency: number
    }

export interface Stream {
  readonly event: string
  /** In the order written; their order has no meaning but for printing. */
  readonly filters: readonly Filter[]
}

export type Filter =
  | { readonly kind: 'where'; readonly condition: Condition }
  | { readonly kind: 'within'; readonly duration: Duration; readonly parent: boolean }
  | { readonly kind: 'between'; readonly from: Duration; readonly to: Duration; readonly parent: boolean }
  | { readonly kind: 'sources'; readonly exclude: readonly string[] }
  | { readonly kind: 'expires_after'; readonly duration: Duration }

/** The whole of a definition: an audience ends in a comparison, a computed trait in a reducer. */
export type Query =
  | { readonly kind: 'audience'; readonly condition: Condition }
  | { readonly kind: 'computed_trait'; readonly reduction: Reduction }
