/** Destinations of before are known as those that can delete people, once. */
import { expect, it } from 'vitest'
import { noteDeletions } from '../../src/dispatch/note-deletions.ts'
import type { DeliveryCommand } from '../../src/model/destination.ts'
import { SpaceOutbox } from '../../src/outbox/space-outbox.ts'
import { destination } from '../outbox/given.ts'

it('notes those whose type can do so, and leaves all else of them and all others as they are', async () => {
  const outbox = new SpaceOutbox(() => ({ lanes: 1, waitingMax: 1, collapseMs: 0 }))
  const types = ['webhook', 'postgres', 'actions-braze-cloud', 'actions-slack', 'no-such-type']
  const before = types.map((type) => destination({ id: `dst_${type}`, type }))
  for (const record of before) outbox.apply({ kind: 'put destination', destination: record })
  const commands: DeliveryCommand[] = []
  const command = (one: DeliveryCommand): Promise<void> => {
    commands.push(one)
    outbox.apply(one)
    return Promise.resolve()
  }
  await noteDeletions({ outbox, command })
  await noteDeletions({ outbox, command })
  const noted = [before[1]!, before[2]!].map((record) => ({ ...record, deletesUsers: true }))
  expect(commands).toEqual(noted.map((record) => ({ kind: 'put destination', destination: record })))
})
