import type { Plan } from '../plan/plan.ts'

/** The plans of users and of accounts. */
export interface PlanPair {
  readonly user: Plan
  readonly account: Plan
}
