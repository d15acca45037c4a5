/** Names that calls have had: as many as are kept, and what is said of their fields. */
import { describe, expect, it } from 'vitest'
import type { CallOutcome } from '../../actors/engine/applied.ts'
import type { JsonObject } from '../../src/model/json.ts'
import { DEFAULT_IDENTITY_RULES } from '../../src/model/external-id.ts'
import { readCall } from '../../src/model/call.ts'
import { ObservedFields } from '../../src/space/observed-fields.ts'
import { ObservedNames } from '../../src/space/observed-names.ts'

const HOUR = 3_600_000
const APPLIED: CallOutcome = { kind: 'applied' }
const ANY = { search: '', limit: 1_000 }

function see(names: ObservedNames, body: JsonObject, at: number, outcome = APPLIED): void {
  const call = readCall({ userId: 'u1', type: 'track', ...body }, DEFAULT_IDENTITY_RULES)
  names.applied([{ call, sourceId: '' }], [outcome], at)
}

function observed(...objects: readonly JsonObject[]): ObservedFields {
  const fields = new ObservedFields()
  for (const object of objects) fields.observe(object)
  return fields
}

describe('events', () => {
  it('are counted by the hours of a day', () => {
    let names = new ObservedNames()
    for (const at of [0, HOUR, HOUR, 20 * HOUR]) see(names, { event: 'A' }, at)
    see(names, { event: 'B' }, 3 * HOUR)
    names = ObservedNames.of(structuredClone(names.state()))
    const counts = (at: number): unknown => names.events(at, ANY).map(({ name, count24h }) => [name, count24h])
    expect(counts(23 * HOUR)).toEqual([
      ['A', 4],
      ['B', 1],
    ])
    expect(counts(24 * HOUR)).toEqual([
      ['A', 3],
      ['B', 1],
    ])
    expect(counts(30 * HOUR)).toEqual([
      ['A', 1],
      ['B', 0],
    ])
    expect(counts(100 * HOUR)).toEqual([
      ['A', 0],
      ['B', 0],
    ])
    for (let hour = 100; hour < 160; hour++) see(names, { event: 'A' }, hour * HOUR)
    expect(counts(159 * HOUR)).toEqual([
      ['A', 24],
      ['B', 0],
    ])
  })

  it('are those that were taken, page and screen calls too', () => {
    const names = new ObservedNames()
    see(names, { type: 'page', name: 'Home' }, 0)
    see(names, { type: 'screen', name: 'Home' }, 0)
    see(names, { event: 'Twice' }, 0, { kind: 'duplicate' })
    expect(names.events(0, ANY).map(({ name }) => name)).toEqual(['Page Viewed', 'Screen Viewed'])
    expect(names.events(0, { search: 'SCREEN', limit: 1 }).map(({ name }) => name)).toEqual(['Screen Viewed'])
  })

  it('leave when there are too many, those first that came last longest ago', () => {
    const names = new ObservedNames()
    for (let index = 0; index < 600; index++) {
      see(names, { event: 'Often' }, index)
      see(names, { event: `Event ${index}` }, index)
    }
    const found = names.events(600, ANY)
    expect(found).toHaveLength(500)
    expect(found[0]).toEqual({ name: 'Often', count24h: 600, lastSeenAt: 599 })
    expect(names.properties('Event 100')).toBeUndefined()
    expect(names.properties('Event 101')).toEqual([])
  })
})

describe('fields', () => {
  it('have types, shares and frequent values, within objects and arrays too', () => {
    const fields = observed(
      {
        plan: 'pro',
        price: 5,
        at: '2026-01-01T00:00:00Z',
        cart: { 'a.b': true, items: [{ sku: 's1' }, { sku: 's2' }] },
      },
      { plan: 'free', price: '5', gone: null },
      { plan: 'pro' },
      {},
    )
    expect(ObservedFields.of(structuredClone(fields.state())).list()).toEqual([
      {
        path: 'plan',
        present: 0.75,
        types: [{ type: 'string', share: 1 }],
        values: [
          { value: 'pro', share: 2 / 3 },
          { value: 'free', share: 1 / 3 },
        ],
      },
      {
        path: 'price',
        present: 0.5,
        types: [
          { type: 'string', share: 0.5 },
          { type: 'number', share: 0.5 },
        ],
        values: [
          { value: 5, share: 0.5 },
          { value: '5', share: 0.5 },
        ],
      },
      { path: 'at', present: 0.25, types: [{ type: 'date', share: 1 }], values: [expect.anything()] },
      { path: 'cart', present: 0.25, types: [{ type: 'object', share: 1 }] },
      {
        path: 'cart.a\\.b',
        present: 0.25,
        types: [{ type: 'boolean', share: 1 }],
        values: [{ value: true, share: 1 }],
      },
      { path: 'cart.items', present: 0.25, types: [{ type: 'array', share: 1 }] },
      {
        path: 'cart.items.sku',
        present: 0.25,
        types: [{ type: 'string', share: 1 }],
        values: [
          { value: 's1', share: 0.5 },
          { value: 's2', share: 0.5 },
        ],
      },
      { path: 'gone', present: 0.25, types: [{ type: 'null', share: 1 }] },
    ])
  })

  it('of very many values have none that are frequent', () => {
    const many = observed(...Array.from({ length: 21 }, (_, index) => ({ id: index })))
    expect(many.list()[0]).not.toHaveProperty('values')
    expect(observed({ text: 'x'.repeat(61) }).list()[0]).not.toHaveProperty('values')
  })

  it('are bounded, and estimated from a sample that fades', () => {
    const wide = observed(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`p${index}`, 1])))
    expect(wide.list()).toHaveLength(100)
    const fields = new ObservedFields()
    for (let index = 0; index < 400_000; index++) fields.observe(index < 200_000 ? { old: 1 } : { new: 1 })
    const [first, second] = fields.list()
    expect(first).toMatchObject({ path: 'new' })
    expect(first!.present + second!.present).toBeCloseTo(1, 2)
    expect(fields.state().samples).toBeLessThanOrEqual(2_000)
  })
})
