/** The ids of a row. */
import { describe, expect, it } from 'vitest'
import { ActorMemory, SMALL_MEMORY } from '../../../actors/memory/actor-memory.ts'
import { IdStore } from '../../../actors/rows/id-store.ts'
import { Rows } from '../../../actors/rows/rows.ts'
import { DEFAULT_IDENTITY_RULES } from '../../../src/model/external-id.ts'

describe('the types of ids of a row', () => {
  it('are told exactly, however many types there are', () => {
    const rows = new Rows(new ActorMemory(SMALL_MEMORY))
    const ids = new IdStore(rows)
    const types = Array.from({ length: 40 }, (_, index) => `type_${index}`)
    rows.memory.barrier.begin()
    const row = rows.create(0, 0)
    for (const type of types) {
      ids.write(row, [{ type, value: '1' }], DEFAULT_IDENTITY_RULES)
      for (const other of types) expect(ids.hasAnyOf(row, new Set([other]))).toBe(other === type)
      expect(ids.hasAnyOf(row, new Set(types))).toBe(true)
      expect(ids.hasAnyOf(row, new Set())).toBe(false)
    }
  })
})
