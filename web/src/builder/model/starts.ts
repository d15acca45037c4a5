/** Conditions, values and filters to begin with, each of which can be read as it is. */
import type { Comparison, Duration, EventField, Filter, Reduction } from '../../../../src/language/tree.ts'
import type { EventComparison } from './sentences.ts'

const days = (amount: number): Duration => ({ amount, unit: 'day' })
const hours = (amount: number): Duration => ({ amount, unit: 'hour' })

type Within = Extract<Filter, { kind: 'within' }>
type Between = Extract<Filter, { kind: 'between' }>
type Visit = Extract<Filter, { kind: 'expires_after' }>

export const NOW_DEFAULTS = {
  within: { kind: 'within', duration: days(7), parent: false } satisfies Within as Within,
  between: { kind: 'between', from: days(30), to: days(90), parent: false } satisfies Between as Between,
  visit: { kind: 'expires_after', duration: { amount: 30, unit: 'minute' } } satisfies Visit as Visit,
  reach: { kind: 'within', duration: hours(1), parent: true } satisfies Within as Within,
  reachBetween: { kind: 'between', from: hours(1), to: days(1), parent: true } satisfies Between as Between,
}

/** "did Order Completed" */
export function didEvent(event: string, filters: readonly Filter[] = []): EventComparison {
  return {
    kind: 'comparison',
    left: { kind: 'reduction', stream: { event, filters }, reducer: { kind: 'count' } },
    comparator: 'at_least',
    right: { kind: 'literal', value: 1 },
  }
}

/** "and then did Order Completed within 1 hour of it" */
export function thenDidEvent(event: string): EventComparison {
  return didEvent(event, [NOW_DEFAULTS.reach])
}

/** "have plan is there" */
export function haveTrait(name: string): Comparison {
  return { kind: 'comparison', left: { kind: 'trait', name }, comparator: 'exists' }
}

/** "are in VIP", or not in it. */
export function areIn(key: string, isIn = true): Comparison {
  return {
    kind: 'comparison',
    left: { kind: 'trait', name: key },
    comparator: 'equals',
    right: { kind: 'literal', value: isIn },
  }
}

/** Returns the field of an event by its path, as it was observed. */
export function fieldNamed(path: string): EventField {
  const context = /^context\.(.+)$/.exec(path)?.[1]
  return context === undefined ? { kind: 'property', path, parent: false } : { kind: 'context', path: context }
}

/** "where price is there" */
export function whereField(left: EventField): Comparison {
  return { kind: 'comparison', left, comparator: 'exists' }
}

/** "how often they did Order Completed" */
export function countOf(event: string): Reduction {
  return { kind: 'reduction', stream: { event, filters: [] }, reducer: { kind: 'count' } }
}

/** Holds for every user of an account: "any user" of it is an account that has one. */
export const ALWAYS: EventComparison = {
  ...didEvent('Any'),
  ...{ right: { kind: 'literal', value: 0 } },
} as EventComparison
