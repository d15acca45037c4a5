/** The last line of an explanation: when and why somebody leaves or enters next. */
import type { Collection, EventReference, ExplainedCondition, Explanation } from './answers.ts'

export interface NextTurn {
  readonly kind: 'leaves' | 'enters' | 'stays' | 'out'
  /** ISO 8601; undefined if time alone changes nothing. */
  readonly at?: string
  /** The conditions that turn then. */
  readonly because: readonly ExplainedCondition[]
  /** Out, and time alone changes nothing: what would have to happen. */
  readonly wants: readonly string[]
}

export function nextTurn({ value, changesAt, conditions }: Explanation): NextTurn {
  const isIn = value === true
  if (changesAt !== undefined) {
    const because = conditions.filter((condition) => condition.changesAt === changesAt && condition.holds === isIn)
    return { kind: isIn ? 'leaves' : 'enters', at: changesAt, because, wants: [] }
  }
  const missing = conditions.filter(({ holds }) => !holds)
  return {
    kind: isIn ? 'stays' : 'out',
    because: [],
    wants: isIn ? [] : missing.flatMap(({ wants }) => wants ?? []),
  }
}

/** Lists the events of a condition that leave its window at an instant. */
export function oldEvents({ occurrences = [] }: ExplainedCondition, at: string | undefined): readonly EventReference[] {
  return occurrences.filter(({ holds, leavesAt }) => holds && leavesAt !== undefined && leavesAt === at)
}

/** `they would have to`, before what is wanted. */
export function wouldHaveTo(collection: Collection): string {
  return collection === 'users' ? 'they would have to' : 'the account would have to'
}
