/** Events and values as bytes: every JSON value comes back as it was. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventReader, writeEvent, writeValue } from '../../../actors/packing/event-codec.ts'
import { Scratch } from '../../../actors/packing/scratch.ts'
import { NameTable, NO_NAMES } from '../../../actors/packing/name-table.ts'
import type { ProfileEvent } from '../../../src/model/event.ts'
import type { JsonObject, JsonValue } from '../../../src/model/json.ts'
import { propertyRuns } from '../../support/runs.ts'

/** Text of any code units: halves of surrogate pairs too. */
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })), { maxLength: 6 })
    .map((codes) => String.fromCharCode(...codes)),
)
const anyKey = fc.oneof(anyText, fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '', '0', '10', '2'))
const anyNumber = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, -1, 63, 64, 0x3fff_ffff, 0x4000_0000, -0x3fff_ffff, -0x4000_0000, 2 ** 53, 5e-324),
)

const { object: anyObject, value: anyValue } = fc.letrec<{ object: JsonObject; value: JsonValue }>((tie) => ({
  object: fc
    .uniqueArray(fc.tuple(anyKey, tie('value')), { selector: ([key]) => key, maxLength: 5 })
    .map((pairs) => Object.fromEntries(pairs)),
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    anyNumber,
    anyText,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
}))

const anyEvent: fc.Arbitrary<ProfileEvent> = fc
  .record({
    name: anyText,
    ts: fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000_000 }),
    arrival: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 48 })),
    late: fc.oneof(fc.constant(0), fc.nat(), fc.integer({ min: 0, max: 2 ** 45 })),
    sourceId: anyText,
    messageId: anyText,
    properties: anyObject,
    context: anyObject,
  })
  .map(({ late, ...event }) => ({ ...event, receivedAt: event.ts + late }))

/** A text that only the same value has: with -0, halves of surrogate pairs, the order and ownership of keys. */
function formOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formOf).join()}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${JSON.stringify(key)}:${formOf(inner)}`)
      .join()}}`
  return typeof value === 'number' ? `number ${Object.is(value, -0) ? '-0' : value}` : JSON.stringify(value)
}

const FIELDS = ['name', 'ts', 'arrival', 'receivedAt', 'sourceId', 'messageId', 'properties', 'context'] as const

function valueBack(value: JsonValue, names = new NameTable()): JsonValue {
  const scratch = new Scratch()
  writeValue(scratch, names, value)
  const reader = new EventReader(scratch.bytes, names)
  const back = reader.value()
  expect(reader.position).toBe(scratch.length)
  return back
}

function eventsBack(events: readonly ProfileEvent[], names: NameTable): ProfileEvent[] {
  const scratch = new Scratch()
  for (const event of events) writeEvent(scratch, names, event)
  const reader = new EventReader(scratch.bytes, names)
  const back = events.map(() => reader.event())
  expect(reader.position).toBe(scratch.length)
  return back
}

function eventNamed(name: string, properties: JsonObject = {}): ProfileEvent {
  return { name, ts: 0, arrival: 1, receivedAt: 0, sourceId: 'web', messageId: '', properties, context: {} }
}

describe('a value', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(formOf(valueBack(value))).toBe(formOf(value))
      }),
      propertyRuns(3000),
    )
  })

  it('comes back as it was with the names in full', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(formOf(valueBack(value, new NameTable(0)))).toBe(formOf(value))
      }),
      propertyRuns(500),
    )
  })

  it.each<[says: string, value: JsonValue]>([
    ['minus zero', -0],
    ['the smallest double', 5e-324],
    ['the largest integer that is packed small', 0x3fff_ffff],
    ['the smallest integer that is packed small', -0x3fff_ffff],
    ['an integer beyond 32 bits', 2 ** 53],
    ['Latin text', 'Größe ÿ'],
    ['text beyond Latin', '鞋 👟'],
    ['one code unit beyond Latin, at the end', 'abcĀ'],
    ['a control character', '\u0000\u007f\u0080'],
    ['the first half of a surrogate pair', 'a\ud83d'],
    ['the second half of a surrogate pair', '\udc5f'],
    ['halves in the wrong order', '\udc5f\ud83d'],
    ['a key that is half a surrogate pair', { '\ud83d': 1, '\udc5f': 2 }],
    ['keys of every object', { constructor: 1, toString: 2, hasOwnProperty: null }],
    ['an empty key', { '': {} }],
    ['empty containers', [[], {}, '', [[]]]],
    ['nulls', [null, { a: null }]],
    ['text longer than the scratch', 'x'.repeat(1_000_000)],
    ['wide text longer than the scratch', '鞋'.repeat(500_000)],
    ['a long list', Array.from({ length: 100_000 }, (_, index) => index)],
    ['many keys', Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key ${index}`, index]))],
  ])('comes back as it was: %s', (_, value) => {
    expect(formOf(valueBack(value)) === formOf(value)).toBe(true)
  })

  it('keeps a key named __proto__ as a key of its own', () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}, "a": {"__proto__": 1}}') as JsonObject
    const back = valueBack(value) as JsonObject
    expect(Object.keys(back)).toEqual(['__proto__', 'a'])
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype)
    expect(JSON.stringify(back)).toBe(JSON.stringify(value))
  })

  it('comes back however deep', () => {
    const deep = Array.from({ length: 1000 }).reduce<JsonValue>(
      (inner, _, level) => (level % 2 ? [inner] : { inner }),
      1,
    )
    expect(JSON.stringify(valueBack(deep)) === JSON.stringify(deep)).toBe(true)
  })

  it('is refused where it is no JSON, before a byte too many is read', () => {
    const wrong = { f: () => undefined } as unknown as JsonObject
    expect(() => valueBack(wrong)).toThrow(TypeError)
    expect(() => new EventReader(Buffer.from([99]), new NameTable()).value()).toThrow('tag 99 at byte 0')
  })
})

describe('events', () => {
  it('come back as they were, one after another', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 5 }), fc.constantFrom(0, 1, 3, 65_536), (events, namesMax) => {
        const back = eventsBack(events, new NameTable(namesMax))
        const fieldsOf = (event: ProfileEvent) => FIELDS.map((field) => `${field} ${formOf(event[field])}`)
        expect(back.map(fieldsOf)).toEqual(events.map(fieldsOf))
      }),
      propertyRuns(1000),
    )
  })

  it('are skipped to the byte', () => {
    fc.assert(
      fc.property(anyEvent, fc.constantFrom(0, 1, 3, 65_536), (event, namesMax) => {
        const [names, scratch] = [new NameTable(namesMax), new Scratch()]
        writeEvent(scratch, names, event)
        const reader = new EventReader(scratch.bytes, names)
        reader.skipEvent()
        expect(reader.position).toBe(scratch.length)
      }),
      propertyRuns(1000),
    )
  })

  it('come back from the middle of other bytes', () => {
    const names = new NameTable()
    const scratch = new Scratch()
    writeEvent(scratch, names, eventNamed('Viewed'))
    const start = scratch.length
    writeEvent(scratch, names, eventNamed('Ordered', { price: 10 }))
    expect(new EventReader(scratch.bytes, names, start).event()).toEqual(eventNamed('Ordered', { price: 10 }))
  })

  it('hold a name that recurs as a number: the second is shorter by the text', () => {
    const [names, scratch] = [new NameTable(), new Scratch()]
    const name = 'An event with a long name'
    writeEvent(scratch, names, eventNamed(name))
    writeEvent(scratch, names, eventNamed(name))
    expect(scratch.length).toBeLessThan(2 * name.length)
    expect(names.toArray()).toContain(name)
  })
})

describe('the table of names', () => {
  it('takes up no name beyond its bound; those stand in full', () => {
    const names = new NameTable(2)
    const events = ['a', 'b', 'c', 'a', 'c'].map((name) => eventNamed(name, { key: 1 }))
    expect(eventsBack(events, names)).toEqual(events)
    expect(names.toArray()).toEqual(['a', 'web'])
    expect([names.numberOf('c'), names.numberOf('a')]).toEqual([-1, 0])
  })

  it('forgets what was taken up since', () => {
    const names = new NameTable()
    for (const name of ['a', 'b', 'c']) names.numberOf(name)
    names.returnTo(1)
    expect([names.count, names.numberOf('c'), names.numberOf('a'), names.nameOf(1)]).toEqual([1, 1, 0, 'c'])
  })

  it('takes up no name that holds half a surrogate pair, as text encodings would not keep it', () => {
    const names = new NameTable()
    expect([names.numberOf('a\ud83d'), names.numberOf('👟')]).toEqual([-1, 0])
  })

  it('says so where a number is none of its', () => {
    expect(() => new NameTable().nameOf(0)).toThrow(RangeError)
  })
})

describe('an instant', () => {
  it.each([0, -1, 255, 2 ** 32, -(2 ** 32), 2 ** 47 - 1, -(2 ** 47) + 1, 2 ** 47, 8.64e15, -8.64e15, 0.5])(
    'comes back as it was: %d',
    (instant) => {
      expect(instantAgain(instant)).toBe(instant)
    },
  )

  it('comes back whatever it was, the infinities too', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.constantFrom(Infinity, -Infinity)), (instant) => {
        expect(instantAgain(instant)).toBe(instant)
      }),
      propertyRuns(500),
    )
  })
})

function instantAgain(instant: number): number {
  const scratch = new Scratch()
  scratch.instant(instant)
  return new EventReader(scratch.copy(), NO_NAMES).instant()
}
