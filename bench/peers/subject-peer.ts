/**
 * A baseline of the bench `engine` as a peer. It judges a profile when a call of it comes and at no other time, so a
 * refresh makes it look at every profile.
 */
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import { lastLook } from '../engine/moment.ts'
import type { ShopCall } from '../engine/shop-call.ts'
import { entryOf } from '../harness/calls.ts'
import type { Change, Subject } from '../harness/subject.ts'
import { applyChange, noAnswers, type Peer } from './peer.ts'

/** @param onChanges is told of the changes that calls cause, without those of a refresh */
export function subjectPeer(subject: Subject, onChanges: (changes: readonly Change[]) => void = () => undefined): Peer {
  const users = new Set<string>()
  const answers = noAnswers()
  let refreshCount = 0

  async function apply(entries: readonly CallsEntry<RawCall>[]): Promise<Change[]> {
    const changes: Change[] = []
    await subject.apply(entries, changes)
    for (const change of changes) applyChange(answers, change)
    return changes
  }

  return {
    async take(entries) {
      for (const { calls } of entries) users.add((calls[0]!.body as ShopCall).userId)
      onChanges(await apply(entries))
    },
    nextWork: () => 0,
    async refresh(now) {
      refreshCount++
      await apply([...users].map((userId) => lookAt(userId, now, refreshCount)))
    },
    answers: () => answers,
    close: () => undefined,
  }
}

/** A look is a call, so that each needs a `messageId` of its own. */
function lookAt(userId: string, at: number, count: number): CallsEntry<RawCall> {
  const { body } = lastLook(userId, at).calls[0]!
  return entryOf({ ...(body as object), messageId: `look-${count}-${userId}` }, at)
}
