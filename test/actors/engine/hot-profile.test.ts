/** One profile with very many events: work is counted, as a test is never timed. */
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import type { DefinitionSource } from '../../../src/model/definition.ts'

const START = Date.UTC(2026, 0, 1)

/** Verdicts given while so many events came, in turn the funnel's parent and its child. */
function verdicts(query: string, count: number): number {
  const definition: DefinitionSource = { kind: 'audience', key: 'a', type: 'USERS', query }
  const shard = new Shard({ definitions: [definition] })
  for (let index = 0; index < count; index++) {
    const body = { type: 'track', userId: 'u1', event: index % 2 === 0 ? 'Viewed' : 'Bought', properties: {} }
    shard.apply({ kind: 'calls', receivedAt: START + index * 60_000, calls: [{ body, sourceId: '' }] })
  }
  return shard.work.verdicts
}

describe('a funnel over all history', () => {
  it('judges a parent no more once its child has come, however many there are', () => {
    const query = "event('Viewed').where(event('Bought').count() >= 1).count() >= 1"
    expect(verdicts(query, 4000)).toBe(4000)
  })

  it('judges, for a child with an end, only the parents in whose reach it lies', () => {
    const query = "event('Viewed').where(NOT event('Bought').within(parent: 10 minutes).count() >= 3).count() >= 1"
    expect(verdicts(query, 4000)).toBeLessThan(4000 * 6)
  })
})
