/** The builder's model: every query is drawn as groups, rows and slots, or as text, and read back the same. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layOutQuery } from '../../src/language/lay-out.ts'
import { parseQuery } from '../../src/language/parse.ts'
import { printCondition, printReduction } from '../../src/language/print.ts'
import type { Comparison, Condition, Reducer, Reduction, Stream } from '../../src/language/tree.ts'
import type { DefinitionType } from '../../src/model/definition.ts'
import { conditionOf, groupsOf, moved } from '../../web/src/builder/model/groups.ts'
import { REDUCERS, reducerOf, TAKEN_AS } from '../../web/src/builder/model/reducers.ts'
import {
  type EventComparison,
  isEventComparison,
  isSentence,
  itemOf,
  withReducer,
  withStream,
} from '../../web/src/builder/model/sentences.ts'
import {
  isDrawn,
  partsOf,
  withEvent,
  withItems,
  withoutSources,
  withReach,
  withVisit,
  withWindow,
} from '../../web/src/builder/model/streams.ts'
import { fieldNamed } from '../../web/src/builder/model/starts.ts'
import { comparatorsFor, literalOf, rightKindOf, withComparator } from '../../web/src/builder/model/tests.ts'
import { readCondition, readInside, readReduction } from '../../web/src/builder/model/texts.ts'
import { awaited, isWaiting, stillWaiting, withWaiting } from '../../web/src/builder/model/waiting.ts'
import { arbitrarySample, arbitraryText } from '../language/arbitrary-query.ts'
import { propertyRuns } from '../support/runs.ts'

/** Draws all that can be drawn anew, and reads the rest from its text. */
class Drawing {
  readonly #type: DefinitionType

  constructor(type: DefinitionType) {
    this.#type = type
  }

  row(condition: Condition): Condition {
    return isSentence(condition) ? this.#sentence(condition) : readCondition(printCondition(condition), this.#type)
  }

  value(reduction: Reduction): Reduction {
    const { stream, reducer } = reduction
    if (!isDrawn(stream)) return readReduction(printReduction(reduction), this.#type)
    return { ...reduction, stream: this.#stream(stream), reducer: chosenAnew(reducer) }
  }

  #sentence(comparison: Comparison): Comparison {
    if (!isEventComparison(comparison)) return comparison
    const again = withStream(comparison, this.#stream(comparison.left.stream))
    return withReducer(again, chosenAnew(comparison.left.reducer))
  }

  /** Takes a stream apart and puts it together again, with all that is within it. */
  #stream(stream: Stream): Stream {
    const { event, items, window, reach, excluded, expiresAfter } = partsOf(stream)
    const steps: ((before: Stream) => Stream)[] = [
      (before) => withEvent(before, event),
      (before) =>
        withItems(
          before,
          items.map((item) => this.#item(item)),
        ),
      (before) => withWindow(before, window),
      (before) => withReach(before, reach),
      (before) => leftOutAnew(before, excluded),
      (before) => withVisit(before, expiresAfter),
    ]
    return steps.reduce((before, step) => step(before), stream)
  }

  #item(condition: Condition): Condition {
    const item = itemOf(condition)
    if (item.kind === 'text') return readInside(printCondition(condition), this.#type)
    const inner = this.#sentence(item.comparison)
    return item.kind === 'then' && item.isNegated ? { kind: 'not', operand: inner } : inner
  }
}

/** Chooses the first source anew, and leaves the others out one after another. */
function leftOutAnew(stream: Stream, [first, ...others]: readonly string[]): Stream {
  const one = first === undefined ? stream : withoutSources(withoutSources(stream, ['other']), [first])
  return others.reduce((before, id) => withoutSources(before, [...partsOf(before).excluded, id]), one)
}

/** Chooses the same reducer again, and then all that is said of it. */
function chosenAnew(reducer: Reducer): Reducer {
  return reducer.kind === 'count' ? reducer : { ...reducerOf(reducer.kind, reducer.of), ...reducer }
}

function comparisonOf(text: string): EventComparison {
  const query = parseQuery(text, { kind: 'audience', type: 'USERS' })
  return (query as { condition: EventComparison }).condition
}

function textOf(stream: Stream): string {
  return printReduction({ kind: 'reduction', stream, reducer: { kind: 'count' } })
}

describe('every query', () => {
  it('is drawn and read back the same, an audience', () => {
    fc.assert(
      fc.property(arbitrarySample(), ({ type, query }) => {
        if (query.kind !== 'audience') return
        const drawing = new Drawing(type)
        const drawn = groupsOf(query.condition).map((group) => ({
          ...group,
          rows: group.rows.map((row) => drawing.row(row)),
        }))
        expect(conditionOf(drawn)).toEqual(query.condition)
      }),
      propertyRuns(500),
    )
  })

  it('is drawn and read back the same, a computed trait', () => {
    fc.assert(
      fc.property(arbitrarySample(), ({ type, query }) => {
        if (query.kind !== 'computed_trait') return
        expect(new Drawing(type).value(query.reduction)).toEqual(query.reduction)
      }),
      propertyRuns(1000),
    )
  })

  it('of a computed trait can be ended in every reducer, and reads', () => {
    fc.assert(
      fc.property(arbitrarySample(), fc.constantFrom(...REDUCERS), fc.nat({ max: 3 }), (sample, kind, taken) => {
        const { type, query } = sample
        if (query.kind !== 'computed_trait') return
        const { reduction } = query
        const made = reducerOf(kind, 'of' in reduction.reducer ? reduction.reducer.of : fieldNamed('context.page.path'))
        const as = 'as' in made ? Object.keys(TAKEN_AS[made.kind])[taken] : undefined
        const reducer = { ...made, ...(as !== undefined && { as }) } as Reducer
        const changed = { kind: 'computed_trait', reduction: { ...reduction, reducer } } as const
        expect(parseQuery(layOutQuery(changed), { kind: 'computed_trait', type })).toEqual(changed)
      }),
      propertyRuns(1000),
    )
  })

  it('may have a source left out in every sentence, and let count again, in the form and in the text', () => {
    const id = arbitraryText().filter((text) => text !== '')
    fc.assert(
      fc.property(arbitrarySample(), id, ({ type, query }, source) => {
        if (query.kind !== 'computed_trait' || !isDrawn(query.reduction.stream)) return
        const { stream } = query.reduction
        const { excluded } = partsOf(stream)
        const changed = { ...query.reduction, stream: withoutSources(stream, [...excluded, source]) }
        const read = readReduction(printReduction(changed), type)
        expect(read).toEqual(changed)
        expect(partsOf(read.stream)).toEqual({ ...partsOf(stream), excluded: [...excluded, source] })
        expect(withoutSources(read.stream, excluded)).toEqual(stream)
      }),
      propertyRuns(1000),
    )
  })

  it('says the same laid out over lines', () => {
    fc.assert(
      fc.property(arbitrarySample(), ({ type, query }) => {
        expect(parseQuery(layOutQuery(query), { kind: query.kind, type })).toEqual(query)
      }),
      propertyRuns(500),
    )
  })
})

describe('a query over lines', () => {
  it('is broken before junctions and filters where it is long, and not where it is short', () => {
    const long =
      "event('Product Added').where(property('price') >= 100 AND NOT event('Order Completed')" +
      ".where(property('product_id') = property(parent: 'product_id')).within(parent: 1 hour).count() >= 1)" +
      ".between(1 hour, 7 days).count() >= 1 AND trait('plan') = 'basic'"
    expect(layOutQuery(parseQuery(long, { kind: 'audience', type: 'USERS' })).split('\n')).toEqual([
      "event('Product Added')",
      "  .where(property('price') >= 100",
      "    AND NOT event('Order Completed')",
      "      .where(property('product_id') = property(parent: 'product_id'))",
      '      .within(parent: 1 hour).count() >= 1)',
      '  .between(1 hour, 7 days).count() >= 1',
      "AND trait('plan') = 'basic'",
    ])
    const short = "trait('plan') = 'basic'"
    expect(layOutQuery(parseQuery(short, { kind: 'audience', type: 'USERS' }))).toBe(short)
  })
})

describe('a group', () => {
  it('has any-of inside, and is negated and counted as a whole', () => {
    const text = "NOT ANY (trait('a') = 1 OR trait('b') = 2) AND trait('c') = 3"
    const query = parseQuery(text, { kind: 'audience', type: 'ACCOUNTS' }) as { condition: Condition }
    expect(
      groupsOf(query.condition).map(({ isNegated, quantifier, rows }) => [isNegated, quantifier, rows.length]),
    ).toEqual([
      [true, 'any', 2],
      [false, undefined, 1],
    ])
  })

  it('has rows that change their order, but not beyond its ends', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b'], 1, 1)).toEqual(['a', 'b'])
  })

  it('that is empty is no condition', () => {
    expect(conditionOf([])).toBeUndefined()
  })
})

describe('a funnel whose child did not come', () => {
  const added = (window: string): Stream =>
    comparisonOf(`event('A').where(NOT event('B').within(parent: 1 hour).count() >= 1)${window}.count() >= 1`).left
      .stream

  it('waits if its window begins where that of the child ends', () => {
    expect(isWaiting(added('.between(1 hour, 7 days)'))).toBe(true)
    expect(isWaiting(added('.between(60 minutes, 7 days)'))).toBe(true)
    expect(isWaiting(added('.between(2 hours, 7 days)'))).toBe(false)
    expect(isWaiting(added('.within(7 days)'))).toBe(false)
  })

  it('begins to wait, and ends it, with the same far end', () => {
    expect(textOf(withWaiting(added('.within(7 days)'), true))).toBe(textOf(added('.between(1 hour, 7 days)')))
    expect(textOf(withWaiting(added('.between(1 hour, 7 days)'), false))).toBe(textOf(added('.within(7 days)')))
    expect(textOf(withWaiting(added(''), true))).toBe(textOf(added('.between(1 hour, 30 days)')))
  })

  it('goes on to wait for as long as is needed when its children change', () => {
    const before = added('.between(1 hour, 7 days)')
    const [child] = partsOf(before).items
    const item = itemOf(child!)
    if (item.kind !== 'then') throw new Error('it is drawn as a child')
    const longer = withReach(item.comparison.left.stream, {
      kind: 'within',
      duration: { amount: 2, unit: 'day' },
      parent: true,
    })
    const operand = withStream(item.comparison, longer)
    const after = stillWaiting(before, withItems(before, [{ kind: 'not', operand }]))
    expect(partsOf(after).window).toMatchObject({ kind: 'between', from: { amount: 2, unit: 'day' } })
    const positive = stillWaiting(before, withItems(before, [item.comparison]))
    expect(partsOf(positive).window).toEqual({ kind: 'within', duration: { amount: 7, unit: 'day' }, parent: false })
    expect(awaited(positive)).toBeUndefined()
  })

  it('that did not wait by choice goes on not to', () => {
    const before = added('.within(7 days)')
    expect(stillWaiting(before, before)).toBe(before)
  })
})

describe('a comparator', () => {
  it('keeps the right side that fits another one, and otherwise begins with one that can be read', () => {
    const names = comparatorsFor(undefined)
    for (const from of names)
      for (const to of names) {
        const left = comparisonOf("event('A').count() >= 1").left
        const before = { kind: 'comparison', left, ...withComparator({ comparator: 'exists' }, from, 0) } as const
        const after = { ...before, ...withComparator(before, to, Date.UTC(2026, 0, 31, 12)) } as Comparison
        const kept = Object.fromEntries(Object.entries(after).filter(([name]) => fieldsOf(to).includes(name)))
        expect(parseQuery(printCondition(kept as unknown as Condition), { kind: 'audience', type: 'USERS' })).toEqual({
          kind: 'audience',
          condition: kept,
        })
      }
  })

  it('offers those first that fit the type of the value', () => {
    expect(comparatorsFor('number').slice(0, 3)).toEqual(['equals', 'differs', 'at_least'])
    expect(new Set(comparatorsFor('string')).size).toBe(comparatorsFor(undefined).length)
  })

  it('takes a number where one was typed, unless only text was seen', () => {
    expect(literalOf('100', 'number')).toEqual({ kind: 'literal', value: 100 })
    expect(literalOf('100', 'string')).toEqual({ kind: 'literal', value: '100' })
    expect(literalOf('true', 'boolean')).toEqual({ kind: 'literal', value: true })
    expect(literalOf('2026-01-31', 'date')).toEqual({ kind: 'date', text: '2026-01-31' })
    expect(literalOf('a\\', undefined)).toEqual({ kind: 'literal', value: 'a' })
  })
})

function fieldsOf(comparator: Parameters<typeof rightKindOf>[0]): string[] {
  const more = { none: [], duration: ['duration'], list: ['right'], date: ['right'], one: ['right'] }
  return ['kind', 'left', 'comparator', ...more[rightKindOf(comparator)]]
}
