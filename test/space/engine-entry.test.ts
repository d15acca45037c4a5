/** The pages that an entry of the journal touches, as far as its deliveries look at them. */
import { describe, expect, it } from 'vitest'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import { Shard } from '../../actors/engine/shard.ts'
import { Registry } from '../../src/space/registry.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { SpaceOutbox } from '../../src/outbox/space-outbox.ts'
import { limitsOf } from '../../src/space/destination-limits.ts'
import { toEngineEntry } from '../../src/space/engine-entry.ts'
import { delivery, destination } from '../outbox/given.ts'

function looksAt(command: SpaceCommand, outbox = new SpaceOutbox(limitsOf)): readonly number[] | undefined {
  const journalled = { kind: 'command', receivedAt: 0, command } as const
  return toEngineEntry(journalled, { shard: new Shard(), registry: new Registry(), outbox }).looksAt
}

describe('deliveries look at', () => {
  it('the pages of the step of a sync', () => {
    expect(looksAt({ kind: 'sync step', connectionId: 'con_1', from: 2, to: 5 })).toEqual([2, 3, 4])
  })

  it('the owners of failures that are to be sent again, as far as those are known', () => {
    const outbox = new SpaceOutbox(limitsOf)
    outbox.apply({ kind: 'put destination', destination: destination() })
    const { failures } = outbox.destination('dst_1')!
    for (const [number, owner] of [3, PAGE_ACTORS + 1, 5 * PAGE_ACTORS].entries())
      failures.add({ delivery: delivery(number, { owner }), reason: 'gone', message: '', attempts: 1, failedAt: 0 })
    expect(looksAt({ kind: 'resend', destinationId: 'dst_1', numbers: [1, 2, 9] }, outbox)).toEqual([1, 5])
    expect(failures.list()).toHaveLength(3)
    expect(looksAt({ kind: 'resend', destinationId: 'dst_2', numbers: [1] }, outbox)).toEqual([])
  })

  it('nobody because of anything else', () => {
    expect(looksAt({ kind: 'approve', connectionId: 'con_1' })).toEqual([])
  })
})
