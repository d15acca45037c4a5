/** Values computed anew from all that a user has done, as docs/semantics.md says them. */
import type { User } from './user.ts'

/** Ages of events, ms: from the first one, until before the other. */
export interface Ages {
  readonly from?: number
  readonly to?: number
}

/** The numbers of events of these ages, oldest first. */
export function valuesOf({ instants, values }: User, now: number, { from = 0, to = Infinity }: Ages = {}): number[] {
  return values.filter((_, index) => {
    const age = now - instants[index]!
    return from <= age && age < to
  })
}

export function sum(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0)
}

/** Alphabetically. */
export function unique(values: readonly number[]): number[] | null {
  return values.length === 0 ? null : [...new Set(values)].sort(byText)
}

/** The most frequent one of those that come twice at least; of several, the first alphabetically. */
export function mode(values: readonly number[]): number | null {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  const [first] = [...counts]
    .filter(([, count]) => count >= 2)
    .sort(([one, count], [other, otherCount]) => otherCount - count || byText(one, other))
  return first ? first[0] : null
}

/** The length of the latest run of events without such a gap; 0 if the gap lasts already. */
export function sessionCount({ instants }: User, now: number, gapMs: number): number {
  let [next, count] = [now, 0]
  for (let index = instants.length - 1; index >= 0 && next - instants[index]! < gapMs; index--, count++)
    next = instants[index]!
  return count
}

/** True if an event of these ages, of which `isParent` holds, has no child within the time after it. */
export function hasParentAlone(
  { instants, values }: User,
  now: number,
  { to, isChild, childWithinMs }: { to: number; isChild: (value: number) => boolean; childWithinMs: number },
): boolean {
  return instants.some((parent, index) => {
    if (isChild(values[index]!) || now - parent >= to) return false
    for (let later = index + 1; later < instants.length && instants[later]! - parent < childWithinMs; later++)
      if (isChild(values[later]!)) return false
    return true
  })
}

function byText(one: number, other: number): number {
  return String(one) < String(other) ? -1 : 1
}
