/**
 * Compiled plans with what the next ones take over from them, and the layouts by which actors are stored under them.
 */
import { type PartData, PlacedGroup } from '../groups/placed-group.ts'
import type { Plan } from '../plan/plan.ts'
import type { Groups } from './group-compiler.ts'
import { type NumbersData, StateNumbers } from './state-numbers.ts'

/** The part of a plan that the next one takes over. */
export interface PlanBefore {
  readonly numbers: StateNumbers
  readonly groups: Groups
}

export type CompiledPlan = Plan & PlanBefore

export interface Plans {
  readonly user: CompiledPlan
  readonly account: CompiledPlan
  readonly conditions: StateNumbers
}

/** The numbers of states and of the parts of groups, by which stored actors can be read. */
export interface Layout {
  readonly numbers: NumbersData
  readonly groups: readonly (readonly [holds: string, key: string, parts: readonly PartData[]])[]
}

export interface Layouts {
  readonly user: Layout
  readonly account: Layout
  readonly conditions: NumbersData
}

export function layoutsOf({ user, account, conditions }: Plans): Layouts {
  return { user: layoutOf(user), account: layoutOf(account), conditions: conditions.toData() }
}

function layoutOf({ numbers, groups }: CompiledPlan): Layout {
  return {
    numbers: numbers.toData(),
    groups: Array.from(groups, ([holds, group]) => [holds, group.key, group.toData()]),
  }
}

/** True if plans read the states of actors as layouts have them. */
export function haveLayouts({ user, account }: Plans, stored: Layouts): boolean {
  return user.numbers.next === stored.user.numbers.next && account.numbers.next === stored.account.numbers.next
}

/** Returns the part of a stored plan that the one after a restart takes over. */
export function restored({ numbers: data, groups }: Layout): PlanBefore {
  const numbers = StateNumbers.from(data)
  const restoredGroup = (key: string, parts: readonly PartData[]) =>
    PlacedGroup.restored(key, numbers.numberOf(key), parts)
  return { numbers, groups: new Map(groups.map(([holds, key, parts]) => [holds, restoredGroup(key, parts)])) }
}
