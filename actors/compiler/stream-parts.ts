/**
 * Takes a stream of the syntax tree apart. Filters combine whatever their order, so the parts are the intersection of
 * the windows, all sources excluded, and the conjuncts of every `where`, split by what they look at.
 *
 * Example: `event('A').within(7 days).where(property('x') = 1).within(1 day)` has the window of one day and one
 * conjunct of its own.
 */
import { durationMs } from '../../src/language/duration.ts'
import { printCondition } from '../../src/language/print.ts'
import type { Condition, Stream } from '../../src/language/tree.ts'
import type { Window } from '../plan/stream-node.ts'
import { compareText } from '../values/values.ts'
import { rightsOf } from './references.ts'

export interface StreamParts {
  readonly event: string
  /** Relative to the clock. */
  readonly window: Window
  /** Relative to the parent occurrence. */
  readonly reach: Window
  /** Infinite if there are no sessions. */
  readonly sessionGap: number
  readonly excludedSources: readonly string[]
  /** Conjuncts that look at the event alone. */
  readonly ownConjuncts: readonly Condition[]
  /** Conjuncts that look at traits, the clock or later events too. */
  readonly judgedConjuncts: readonly Condition[]
  /** Conjuncts that look at the parent's properties too. */
  readonly pairConjuncts: readonly Condition[]
}

export function takeApart(stream: Stream): StreamParts {
  let window: Window = { from: 0, to: Infinity }
  let reach: Window = { from: 0, to: Infinity }
  let sessionGap = Infinity
  const excluded = new Set<string>()
  const conjuncts: Condition[] = []
  for (const filter of stream.filters) {
    switch (filter.kind) {
      case 'where':
        addConjuncts(filter.condition, conjuncts)
        break
      case 'within':
      case 'between': {
        const other = filter.kind === 'within' ? { from: 0, to: durationMs(filter.duration) } : ordered(filter)
        if (filter.parent) reach = intersect(reach, other)
        else window = intersect(window, other)
        break
      }
      case 'sources':
        for (const source of filter.exclude) excluded.add(source)
        break
      case 'expires_after': {
        // Two sessions on one stream: the shorter gap ends both.
        sessionGap = Math.min(sessionGap, durationMs(filter.duration))
      }
    }
  }
  const pair = conjuncts.filter(looksAtParent)
  const rest = conjuncts.filter((conjunct) => !looksAtParent(conjunct))
  return {
    event: stream.event,
    window,
    reach,
    sessionGap,
    excludedSources: [...excluded].sort(compareText),
    ownConjuncts: rest.filter(looksAtEventOnly),
    judgedConjuncts: rest.filter((conjunct) => !looksAtEventOnly(conjunct)),
    pairConjuncts: pair,
  }
}

/** Returns a key that equal lists of conjuncts share. */
export function conjunctsKey(conjuncts: readonly Condition[]): string {
  return conjuncts.map(printCondition).sort(compareText).join(' AND ')
}

function ordered(filter: Extract<Stream['filters'][number], { kind: 'between' }>): Window {
  const [a, b] = [durationMs(filter.from), durationMs(filter.to)]
  return { from: Math.min(a, b), to: Math.max(a, b) }
}

function intersect(a: Window, b: Window): Window {
  return { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }
}

function addConjuncts(condition: Condition, conjuncts: Condition[]): void {
  if (condition.kind === 'and') for (const operand of condition.operands) addConjuncts(operand, conjuncts)
  else conjuncts.push(condition)
}

function looksAtParent(condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.operands.some(looksAtParent)
    case 'not':
    case 'quantifier':
      return looksAtParent(condition.operand)
    case 'comparison': {
      const sides = 'right' in condition ? [condition.left, ...rightsOf(condition.right)] : [condition.left]
      return sides.some((side) => side.kind === 'property' && side.parent)
    }
  }
}

function looksAtEventOnly(condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.operands.every(looksAtEventOnly)
    case 'not':
    case 'quantifier':
      return looksAtEventOnly(condition.operand)
    case 'comparison': {
      if ('duration' in condition) return false
      const sides = 'right' in condition ? [condition.left, ...rightsOf(condition.right)] : [condition.left]
      return sides.every((side) => side.kind !== 'trait' && side.kind !== 'reduction')
    }
  }
}
