/**
 * Random checked trees: all that the parser can make, up to a depth. Arbitraries are built once per scope and depth,
 * for each holds all those below it.
 */
import fc, { type Arbitrary } from 'fast-check'
import type { DefinitionType } from '../../src/model/definition.ts'
import { UNITS, type Unit } from '../../src/model/time.ts'
import type {
  Comparison,
  Condition,
  Duration,
  EventField,
  Filter,
  Operand,
  Query,
  Reducer,
  Reduction,
} from '../../src/language/tree.ts'
import {
  BINARY_COMPARATORS,
  DATE_COMPARATORS,
  LIST_COMPARATORS,
  RELATIVE_DATE_COMPARATORS,
} from '../../src/language/vocabulary.ts'

interface Place {
  readonly type: DefinitionType
  readonly quantified: boolean
  readonly events: number
  readonly depth: number
}

export interface Sample {
  readonly type: DefinitionType
  readonly query: Query
}

const DEPTH = 4

/** A query and whom it is about, within the limit of primary expressions. */
export function arbitrarySample(): Arbitrary<Sample> {
  const sample = fc.constantFrom<DefinitionType>('USERS', 'ACCOUNTS').chain((type) => {
    const place = { type, quantified: false, events: 0, depth: DEPTH }
    const query = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('audience' as const), condition: condition(place) }) },
      fc.record({
        kind: fc.constant('computed_trait' as const),
        reduction: reduction(place).filter((tree) => primaries(tree) < 50),
      }),
    )
    return fc.record({ type: fc.constant(type), query })
  })
  // A clone has the plain prototypes that strict equality asks for.
  return sample.filter(({ query }) => primaries(query) <= 50).map((made) => structuredClone(made))
}

/** Every character that matters to the lexer is frequent; no string that can be written ends in a backslash. */
export function arbitraryText(): Arbitrary<string> {
  const unit = fc.oneof(fc.constantFrom("'", '"', '\\', '.', '\n', ' ', 'é', '😀', '('), fc.string({ maxLength: 1 }))
  return fc.string({ unit, maxLength: 8 }).filter((text) => !text.endsWith('\\'))
}

/** Counts the comparisons of a tree. */
function primaries(tree: unknown): number {
  return JSON.stringify(tree).split('"kind":"comparison"').length - 1
}

const conditions = new Map<string, Arbitrary<Condition>>()

function condition(place: Place): Arbitrary<Condition> {
  const key = JSON.stringify(place)
  const known = conditions.get(key)
  if (known) return known
  const made = place.depth === 0 ? comparison(place) : fc.oneof(comparison(place), ...junctions(place))
  conditions.set(key, made)
  return made
}

function junctions(place: Place): Arbitrary<Condition>[] {
  const inner = { ...place, depth: place.depth - 1 }
  const not = fc.record({ kind: fc.constant('not' as const), operand: condition(inner) })
  const flat = [junction('and', inner), junction('or', inner), not]
  if (place.type === 'USERS' || place.quantified || place.events > 0) return flat
  const quantified = fc.record({
    kind: fc.constant('quantifier' as const),
    quantifier: fc.constantFrom('any', 'all', 'none'),
    operand: condition({ ...inner, quantified: true }),
  })
  return [...flat, quantified]
}

function junction(kind: 'and' | 'or', inner: Place): Arbitrary<Condition> {
  const operand = condition(inner).filter((tree) => tree.kind !== kind)
  return fc.record({ kind: fc.constant(kind), operands: fc.array(operand, { minLength: 2, maxLength: 3 }) })
}

function comparison(place: Place): Arbitrary<Comparison> {
  const scalars = [fc.record({ kind: fc.constant('trait' as const), name: arbitraryText() })]
  const fields = place.events > 0 ? [field(place)] : []
  const reductions = place.depth > 0 ? [reduction(place).filter(({ reducer }) => reducer.kind !== 'unique')] : []
  return fc
    .tuple(fc.oneof(...scalars, ...fields, ...reductions), comparator(place))
    .map(([left, rest]) => ({ kind: 'comparison', left, ...rest }))
}

function comparator(place: Place) {
  const operands = fc.array(operand(place), { minLength: 1, maxLength: 3 })
  return fc.oneof(
    fc.record({ comparator: fc.constantFrom(...BINARY_COMPARATORS), right: operand(place) }),
    fc.record({ comparator: fc.constantFrom(...LIST_COMPARATORS), right: operands }),
    fc.record({ comparator: fc.constantFrom('absent', 'exists') }),
    fc.record({ comparator: fc.constantFrom(...DATE_COMPARATORS), right: instantOperand(place) }),
    fc.record({ comparator: fc.constantFrom(...RELATIVE_DATE_COMPARATORS), duration: duration() }),
  )
}

function operand(place: Place): Arbitrary<Operand> {
  const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => value || 0)
  const value = fc.oneof(arbitraryText(), number, fc.boolean())
  return fc.oneof(fc.record({ kind: fc.constant('literal' as const), value }), date(), reference(place))
}

function instantOperand(place: Place): Arbitrary<Operand> {
  const text = fc.record({ kind: fc.constant('literal' as const), value: date().map(({ text }) => text) })
  return fc.oneof(date(), text, reference(place))
}

function reference(place: Place): Arbitrary<Operand> {
  const trait = fc.record({ kind: fc.constant('trait' as const), name: arbitraryText() })
  return place.events > 0 ? fc.oneof(trait, field(place)) : trait
}

function date() {
  const instant = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
  const form = fc.constantFrom(10, 16, 19, 23, 24)
  const text = fc.tuple(instant, form).map(([at, length]) => at.toISOString().slice(0, length))
  const zoned = instant.map((at) => at.toISOString().replace('Z', '+02:00'))
  return fc.record({ kind: fc.constant('date' as const), text: fc.oneof(text, zoned) })
}

function field(place: Place): Arbitrary<EventField> {
  const parent = place.events > 1 ? fc.boolean() : fc.constant(false)
  return fc.oneof(
    fc.record({ kind: fc.constant('property' as const), path: arbitraryText(), parent }),
    fc.record({ kind: fc.constant('context' as const), path: arbitraryText() }),
  )
}

function duration(): Arbitrary<Duration> {
  const unit = fc.constantFrom(...(Object.keys(UNITS) as Unit[]))
  return fc.record({ amount: fc.nat({ max: 1_000_000 }), unit })
}

const reductions = new Map<string, Arbitrary<Reduction>>()

function reduction(place: Place): Arbitrary<Reduction> {
  const key = JSON.stringify(place)
  const known = reductions.get(key)
  if (known) return known
  const inner = { ...place, events: place.events + 1, depth: place.depth - 1 }
  const stream = fc.record({ event: arbitraryText(), filters: fc.array(filter(inner), { maxLength: 3 }) })
  const made = fc.record({ kind: fc.constant('reduction' as const), stream, reducer: reducer(inner) })
  reductions.set(key, made)
  return made
}

function filter(inner: Place): Arbitrary<Filter> {
  const parent = inner.events > 1 ? fc.boolean() : fc.constant(false)
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('where' as const), condition: condition(inner) }) },
    fc.record({ kind: fc.constant('within' as const), duration: duration(), parent }),
    fc.record({ kind: fc.constant('between' as const), from: duration(), to: duration(), parent }),
    fc.record({
      kind: fc.constant('sources' as const),
      exclude: fc.array(arbitraryText(), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('expires_after' as const), duration: duration() }),
  )
}

function reducer(inner: Place): Arbitrary<Reducer> {
  const of = field(inner)
  const plain = ['sum', 'avg', 'first', 'last', 'unique', 'unique_count'] as const
  return fc.oneof(
    fc.constant({ kind: 'count' as const }),
    fc.record({ kind: fc.constantFrom(...plain), of }),
    fc.record({ kind: fc.constantFrom('min', 'max'), of, as: fc.constantFrom('number', 'string') }),
    fc.record({
      kind: fc.constant('mode' as const),
      of,
      as: fc.constantFrom('value', 'string', 'number', 'array'),
      minFrequency: fc.integer({ min: 1, max: 1000 }),
    }),
  )
}
