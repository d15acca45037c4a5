/** The engine with its clock driven in real time, from just before the first window closes until the last has. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Shard } from '../../actors/engine/shard.ts'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import type { Transition } from '../../src/model/transition.ts'
import { UNITS } from '../../src/model/time.ts'
import { entryOf } from '../harness/calls.ts'
import { collectGarbage } from '../harness/cost.ts'

/** The second in which the windows close begins here, epoch ms. */
const START = Date.UTC(2026, 0, 1)
const LEAD_MS = 50

/**
 * Each window's delay, ms, in the order in which the exits came out.
 * @param offsets when each closes, ms after START, ascending
 */
export async function closeWindows(offsets: readonly number[]): Promise<number[]> {
  const shard = load(offsets)
  collectGarbage()
  const begun = performance.now()
  const present = (): number => START - LEAD_MS + performance.now() - begun
  const exits: Transition[] = []
  const delays: number[] = []
  for (let due = shard.nextDue(); due !== Infinity; due = shard.nextDue()) {
    // What is due happens when the clock has moved past it.
    await sleep(Math.max(1, due + 1 - present()))
    const { transitions } = shard.apply({ kind: 'tick', receivedAt: Math.floor(present()) })
    const out = present()
    for (const exit of transitions) {
      exits.push(exit)
      delays.push(out - exit.at)
    }
  }
  check(exits, offsets)
  return delays
}

function load(offsets: readonly number[]): Shard {
  const query = `event('Visited').within(1 hour).count() >= 1`
  const shard = new Shard({
    definitions: [{ kind: 'audience', key: 'here', type: 'USERS', query }],
    memory: LARGE_MEMORY,
  })
  let entered = 0
  for (const [index, offset] of offsets.entries()) {
    const visitedAt = START + offset - UNITS.hour
    const timestamp = new Date(visitedAt).toISOString()
    const body = { type: 'track', messageId: `m-${index}`, timestamp, userId: `user-${index}`, event: 'Visited' }
    entered += shard.apply(entryOf(body, visitedAt)).transitions.length
  }
  if (entered !== offsets.length) throw new Error(`${entered} of ${offsets.length} profiles entered`)
  return shard
}

function check(exits: readonly Transition[], offsets: readonly number[]): void {
  const closing = new Map(offsets.map((offset, index) => [`user_id:user-${index}`, START + offset]))
  for (const { at, type, profile } of exits) {
    if (type !== 'exited' || closing.get(profile) !== at) throw new Error(`${type} at ${at}: not what was due`)
    closing.delete(profile)
  }
  if (closing.size > 0) throw new Error(`${closing.size} windows of ${offsets.length} did not close`)
}
