import { expect, it } from 'vitest'
import { Laggards } from '../../../actors/actor/laggards.ts'
import { DefinedPlans } from '../../../actors/compiler/defined-plans.ts'
import { Definitions } from '../../../actors/compiler/definitions.ts'

it('actors that are brought on leave what was stored as it was, also after a restart', () => {
  const { plans } = DefinedPlans.of(Definitions.of([]))
  const before = { plans, reach: 'itself' } as const
  const first = new Laggards(before, 10)
  first.bringOn(3)
  const { next, end, early } = first.stored()
  // As a checkpoint gives it back: part of a buffer that others share.
  const again = new Laggards(before, end, { next, end, early: Buffer.from(early) })
  const stored = again.stored()
  again.bringOn(5)
  expect([3, 4, 5].map((ordinal) => again.isBehind(ordinal))).toEqual([false, true, false])
  const last = new Laggards(before, end, stored)
  expect([3, 4, 5].map((ordinal) => last.isBehind(ordinal))).toEqual([false, true, true])
})
