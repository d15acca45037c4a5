import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdTable } from '../../../actors/identity/id-table.ts'
import { propertyRuns } from '../../support/runs.ts'

describe('the table of ids', () => {
  it('finds nothing in an empty one', () => {
    expect(new IdTable().find('user_id', 'u1')).toBe(-1)
  })

  it('tells ids of different types apart, and where one ends and the other begins', () => {
    const table = new IdTable()
    table.set('user_id', 'a', 1)
    table.set('email', 'a', 2)
    table.set('ab', 'c', 3)
    expect([table.find('user_id', 'a'), table.find('email', 'a')]).toEqual([1, 2])
    expect([table.find('ab', 'c'), table.find('a', 'bc')]).toEqual([3, -1])
  })

  it('holds many ids, the first profile among them', () => {
    const table = new IdTable()
    for (let ordinal = 0; ordinal < 100_000; ordinal++) table.set('user_id', `u${ordinal}`, ordinal)
    for (let ordinal = 0; ordinal < 100_000; ordinal += 7) expect(table.find('user_id', `u${ordinal}`)).toBe(ordinal)
    expect(table.find('user_id', 'u100000')).toBe(-1)
  })

  it('takes any number of types, and takes them up again after the last id of each is gone', () => {
    const table = new IdTable()
    const [half, all] = [1_000, 2_000]
    for (let type = 0; type < all; type++) table.set(`t${type}`, 'a', type)
    for (let type = 0; type < half; type++) table.delete(`t${type}`, 'a')
    for (let type = all; type < all + half; type++) table.set(`t${type}`, 'a', type)
    for (let type = 0; type < all + half; type++) expect(table.find(`t${type}`, 'a')).toBe(type < half ? -1 : type)
    for (let type = 0; type < half; type++) table.set(`t${type}`, 'a', 2 * type)
    for (let type = 0; type < all + half; type++)
      expect(table.find(`t${type}`, 'a')).toBe(type < half ? 2 * type : type)
  })

  it('keeps a type as long as an id of it', () => {
    const table = new IdTable()
    const found = (...ids: string[]) => ids.map((id) => table.find(id[0]!, id[1]!))
    table.set('a', 'x', 1)
    table.set('a', 'x', 2)
    table.set('a', 'y', 3)
    for (const [type, value] of ['az', 'bx', 'ax', 'ax']) table.delete(type!, value!)
    table.set('b', 'x', 4)
    expect(found('ax', 'ay', 'bx', 'by')).toEqual([-1, 3, 4, -1])
    table.delete('a', 'y')
    table.set('c', 'y', 5)
    expect(found('ax', 'ay', 'bx', 'by', 'cx', 'cy')).toEqual([-1, -1, 4, -1, -1, 5])
  })

  it.each([
    ['many ids of one type', 1, 3000],
    ['few ids of many types', 1000, 3],
  ])('is what a map is, whatever comes and goes: %s', (_, types, values) => {
    const step = fc.tuple(fc.constantFrom('set', 'delete'), fc.nat(types - 1), fc.nat(values - 1), fc.nat(1_000_000))
    fc.assert(
      fc.property(fc.array(step, { minLength: 2_000, maxLength: 20_000 }), (steps) => {
        const [table, map] = [new IdTable(), new Map<string, number>()]
        for (const [what, type, value, ordinal] of steps) {
          if (what === 'set') {
            table.set(`t${type}`, `${value}`, ordinal)
            map.set(`${type} ${value}`, ordinal)
          } else {
            table.delete(`t${type}`, `${value}`)
            map.delete(`${type} ${value}`)
          }
        }
        for (let type = 0; type < types; type++)
          for (let value = 0; value < values; value++)
            expect(table.find(`t${type}`, `${value}`)).toBe(map.get(`${type} ${value}`) ?? -1)
      }),
      propertyRuns(10),
    )
  })
})
