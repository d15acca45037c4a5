/** Paths, and the forms in which values are compared (docs/semantics.md, 4). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareText,
  compilePath,
  each,
  equalityKey,
  equalValues,
  instantOf,
  numberOf,
  pathSteps,
  reachedOf,
  type Reached,
  sameValue,
  some,
  textOf,
} from '../../../actors/values/values.ts'
import type { JsonObject, JsonValue } from '../../../src/model/json.ts'
import { pathParts, reach, reachWhole } from '../../oracle/values.ts'
import { propertyRuns } from '../../support/runs.ts'

/** As a list: none, one or several. */
function listOf(reached: Reached): JsonValue[] {
  const values: JsonValue[] = []
  each(reached, (value) => values.push(value))
  return values
}

describe('the steps of a path', () => {
  it.each<[path: string, steps: string[]]>([
    ['a', ['a']],
    ['a.b.c', ['a', 'b', 'c']],
    ['a\\.b', ['a.b']],
    ['a\\.b.c', ['a.b', 'c']],
    ['a\\b', ['a\\b']],
    ['a.$.b', ['a', '$', 'b']],
    ['a.', ['a', '']],
    ['.a', ['', 'a']],
    ['', ['']],
  ])('%s', (path, steps) => {
    expect(pathSteps(path)).toEqual(steps)
  })
})

describe('a path', () => {
  it.each<[path: string, root: JsonObject, values: JsonValue[]]>([
    ['a', { a: 1 }, [1]],
    ['a', {}, []],
    ['a', { a: null }, []],
    ['a', { a: '' }, ['']],
    ['a', { a: { b: 1 } }, [{ b: 1 }]],
    ['a.b', { a: { b: 1 } }, [1]],
    ['a.b.c', { a: { b: { c: false } } }, [false]],
    ['a.b', { a: 1 }, []],
    ['a.b', { a: null }, []],
    ['a.length', { a: 'text' }, []],
    // An exact key containing dots wins over the walk.
    ['a.b', { 'a.b': 1, a: { b: 2 } }, [1]],
    ['a.b.c', { 'a.b.c': 1, a: { 'b.c': 2 } }, [1]],
    ['a.b.c', { a: { 'b.c': 2, b: { c: 3 } } }, [2]],
    ['a.b', { 'a.b': null, a: { b: 2 } }, []],
    // An escaped dot belongs to the name.
    ['a\\.b', { 'a.b': 1, a: { b: 2 } }, [1]],
    ['a\\.b', { a: { b: 2 } }, []],
    ['a\\.b.c', { 'a.b': { c: 3 } }, [3]],
    // An array is its entries, theirs too; nulls are dropped.
    ['a', { a: [1, null, [2, [3]]] }, [1, 2, 3]],
    ['a', { a: [] }, []],
    ['a', { a: [null] }, []],
    ['a', { a: ['one'] }, ['one']],
    // At an array a further name is taken from each object in it, and $ steps into its entries.
    ['a.b', { a: [{ b: 1 }, { b: 2 }, { c: 3 }, 4] }, [1, 2]],
    ['a.$.b', { a: [{ b: 1 }, { b: 2 }] }, [1, 2]],
    ['a.$', { a: [1, 2] }, [1, 2]],
    ['a.$.$', { a: [[1, 2], 3, [4]] }, [1, 2, 4]],
    ['a.$.b', { a: { $: { b: 5 } } }, [5]],
    ['a.b.c', { a: [{ b: [{ c: 1 }, { c: [2, 3] }] }] }, [1, 2, 3]],
    ['a.b.c', { a: [{ 'b.c': 1, b: { c: 2 } }] }, [1]],
    // Names that every object has from its prototype are no keys of it.
    ['toString', {}, []],
    ['constructor', {}, []],
    ['__proto__', {}, []],
    ['a.__proto__', { a: {} }, []],
    ['a.constructor.name', { a: {} }, []],
    ['__proto__', JSON.parse('{"__proto__": 7}') as JsonObject, [7]],
    ['__proto__.a', JSON.parse('{"__proto__": {"a": 7}}') as JsonObject, [7]],
    ['', { '': 1 }, [1]],
  ])('%s of %j', (path, root, values) => {
    expect(listOf(compilePath(path)(root))).toEqual(values)
  })

  it.each<[path: string, root: JsonObject, values: JsonValue[]]>([
    ['a', { a: [1, [2]] }, [[1, [2]]]],
    ['a', { a: [] }, [[]]],
    ['a', { a: 1 }, [1]],
    ['a', { a: null }, []],
    ['a.b', { a: [{ b: [1] }, { b: [2] }] }, [[1], [2]]],
    ['a.$', { a: [1, 2] }, [[1, 2]]],
  ])('%s of %j, with arrays taken whole', (path, root, values) => {
    const reached = compilePath(path, true)(root)
    expect(Array.isArray(reached) ? [reached] : listOf(reached)).toEqual(values)
  })

  const name = fc.constantFrom('a', 'b', 'a.b', 'b.a', '$', 'toString')
  // No list stands directly in a list: whether a name is taken from the objects of the inner one is left open.
  const { value } = fc.letrec<{ value: JsonValue; single: JsonValue; object: JsonObject }>((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, tie('single'), fc.array(tie('single'), { maxLength: 3 })),
    single: fc.oneof({ maxDepth: 4 }, fc.constantFrom<JsonValue>(null, 1, 'x', false), tie('object')),
    object: fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  }))
  const root = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true })
  const path = fc
    .array(fc.constantFrom('a', 'b', 'a\\.b', '$', 'toString'), { minLength: 1, maxLength: 4 })
    .map((steps) => steps.join('.'))

  it('reaches what the oracle reaches', () => {
    fc.assert(
      fc.property(path, root, (steps, object) => {
        expect(listOf(compilePath(steps)(object))).toEqual(reach(object, pathParts(steps)))
      }),
      propertyRuns(3000),
    )
  })

  it('reaches arrays whole as the oracle does, where it is asked to', () => {
    fc.assert(
      fc.property(path, root, (steps, object) => {
        const parts = pathParts(steps)
        const reached = compilePath(steps, true)(object)
        const whole = parts.length > 1 && parts.at(-1) === '$' ? parts.slice(0, -1) : parts
        expect(Array.isArray(reached) ? [reached] : listOf(reached)).toEqual(reachWhole(object, whole))
      }),
      propertyRuns(1000),
    )
  })
})

describe('what was reached', () => {
  it.each<[reached: Reached, holds: boolean]>([
    [undefined, false],
    [null, false],
    [1, false],
    [2, true],
    [reachedOf([]), false],
    [reachedOf([null, [1, [2]]]), true],
    [reachedOf([1, 3]), false],
  ])('satisfies a test if any value of it does: %j', (reached, holds) => {
    expect(some(reached, (value) => value === 2)).toBe(holds)
  })
})

describe('the number of a value', () => {
  it.each<[value: JsonValue, number: number]>([
    [5, 5],
    [-0.5, -0.5],
    ['5', 5],
    ['-1.5e3', -1500],
    ['1E+2', 100],
    ['0', 0],
    ['-0', -0],
    ['0.10', 0.1],
    ['5e-324', 5e-324],
  ])('%j', (value, number) => {
    expect(numberOf(value)).toBe(number)
  })

  it.each<JsonValue>([
    ...['', ' 5 ', '5 ', '+5', '.5', '5.', '007', '-', '1e', '1e5.5', '0x10', '1_000', '1,5', 'NaN', 'Infinity', '-00'],
    ...['five', '５', true, false, { a: 1 }, { valueOf: 5 }],
  ])('is none: %j', (value) => {
    expect(numberOf(value)).toBeNaN()
  })
})

describe('the text of a value', () => {
  it.each<[value: JsonValue, text: string]>([
    ['a', 'a'],
    ['', ''],
    [1, '1'],
    [1.5, '1.5'],
    [-0, '0'],
    [1e21, '1e+21'],
    [true, 'true'],
    [{ b: 1, a: [1, null] }, '{"b":1,"a":[1,null]}'],
    [{}, '{}'],
    [[1, 'a'], '[1,"a"]'],
  ])('%j', (value, text) => {
    expect(textOf(value)).toBe(text)
  })
})

describe('the instant of a value', () => {
  it.each<[value: JsonValue, instant: number]>([
    [0, 0],
    [-1.5, -1.5],
    ['1970-01-02', 86_400_000],
    ['1970-01-01T01:00:00.0019+01:00', 1],
  ])('%j', (value, instant) => {
    expect(instantOf(value)).toBe(instant)
  })

  it.each<JsonValue>(['', '0', '1735689600000', 'soon', '2026-02-30', true, false, {}])('is none: %j', (value) => {
    expect(instantOf(value)).toBeNaN()
  })
})

/** Both ways round. */
const EQUALITY: [a: JsonValue, b: JsonValue, equal: boolean][] = [
  ['a', 'a', true],
  ['a', 'A', false],
  ['a', 'a ', false],
  ['', '', true],
  // Two strings are compared as they stand, numeric or not.
  ['10', '10', true],
  ['10', '10.0', false],
  ['1e1', '10', false],
  ['true', 'TRUE', false],
  // A boolean on either side: as text, ignoring case.
  [true, true, true],
  [true, false, false],
  [true, 'true', true],
  [true, 'True', true],
  [true, 'TRUE', true],
  [false, 'fALSE', true],
  [true, 'yes', false],
  [true, ' true', false],
  [true, 1, false],
  [false, 0, false],
  [false, '', false],
  [true, { a: 1 }, false],
  // Otherwise by number, where both are one.
  [10, 10, true],
  [10, '10', true],
  [10, '10.0', true],
  [10, '1e1', true],
  [0, -0, true],
  [0, '-0', true],
  [0.1, '0.10', true],
  [10, '010', false],
  [10, ' 10', false],
  [10, '+10', false],
  [0, '', false],
  [10, '10a', false],
  [0.1, 0.2, false],
  [2 ** 53, '9007199254740993', true],
  // JSON can say more than a double holds: 1e999.
  [Infinity, '1e999', true],
  [Infinity, 'Infinity', true],
  [-Infinity, '-Infinity', true],
  [Infinity, -Infinity, false],
  // Else by text.
  [{ a: 1 }, { a: 1 }, true],
  [{ a: 1 }, '{"a":1}', true],
  [{ a: 1 }, '{"a": 1}', false],
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, false],
  [{}, '', false],
  [1, '{}', false],
]

describe('equality', () => {
  it.each(EQUALITY)('of %j and %j: %j', (a, b, equal) => {
    expect([equalValues(a, b), equalValues(b, a)]).toEqual([equal, equal])
  })

  it.each(EQUALITY.filter(([, , equal]) => equal))('of %j and %j is found by one key', (a, b) => {
    expect(new Set([equalityKey(a), equalityKey(b)]).size).toBe(1)
  })

  it('is always found by one key', () => {
    const text = fc.oneof(
      fc.constantFrom(
        'true',
        'TRUE',
        'tRue',
        'false',
        'False',
        'truE!',
        'ſalse',
        'trüe',
        '',
        '0',
        '-0',
        '00',
        '1e400',
        'Infinity',
      ),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.integer({ min: -3, max: 3 }).map((number) => `${number}.0`),
      fc.integer({ min: -3, max: 3 }).map((number) => `${number}e0`),
      fc.constantFrom('{"a":1}', '{}', '{"a":true}'),
    )
    const value = fc.oneof<fc.Arbitrary<JsonValue>[]>(
      text,
      fc.boolean(),
      fc.integer({ min: -3, max: 3 }),
      fc.constantFrom(0, -0, 1e21, 0.1, Infinity, -Infinity),
      fc.constantFrom({}, { a: 1 }, { a: true }),
    )
    fc.assert(
      fc.property(value, value, (a, b) => {
        fc.pre(equalValues(a, b))
        expect(new Set([equalityKey(a), equalityKey(b)]).size).toBe(1)
      }),
      { ...propertyRuns(3000), maxSkipsPerRun: 1000 },
    )
  })

  it('of text with a key is quick to tell: most unequal values have keys of their own', () => {
    const values: JsonValue[] = ['a', 'A', 'b', 1, 2, true, false, 'yes', { a: 1 }, { a: 2 }]
    expect(new Set(values.map(equalityKey)).size).toBe(values.length)
  })
})

describe('the same value', () => {
  it.each<[a: JsonValue | undefined, b: JsonValue | undefined, same: boolean]>([
    [1, 1, true],
    [1, '1', false],
    [0, -0, true],
    [null, null, true],
    [null, undefined, false],
    [null, false, false],
    [null, {}, false],
    [[], {}, false],
    [[1, 'a'], [1, 'a'], true],
    [[1, 2], [2, 1], false],
    [{ a: [null] }, { a: [null] }, true],
    [{ a: 1 }, { a: 2 }, false],
  ])('%j and %j: %j', (a, b, same) => {
    expect([sameValue(a, b), sameValue(b, a)]).toEqual([same, same])
  })
})

describe('alphabetical order', () => {
  it('is by UTF-16 code units, without locale', () => {
    const sorted = ['', '10', '9', 'Z', 'a', 'a\u0301', 'b', 'ä', '👟', '\uff5e']
    expect(sorted.toReversed().sort(compareText)).toEqual(sorted)
    expect(compareText('a', 'a')).toBe(0)
  })
})
