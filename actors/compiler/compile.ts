/**
 * Compiles the definitions of a space into two plans, one for users and one for accounts. The condition of a quantifier
 * becomes a condition of the users' plan, which accounts count.
 *
 * Example: the account audience `ANY event('Paid').count() >= 1` makes a condition node `event('Paid').count() >= 1` in
 * the users' plan, and in the accounts' plan a definition that holds while the number of linked users with that
 * condition is at least 1.
 */
import { printCondition } from '../../src/language/print.ts'
import type { Condition, Reducer } from '../../src/language/tree.ts'
import type { ActorKind } from '../../src/model/definition.ts'
import { ELIGIBLE_ID_TYPES } from '../../src/model/definition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import type { DefinitionHost } from '../plan/host.ts'
import { ConditionCompiler } from './condition-compiler.ts'
import type { Adoption } from '../plan/adoption.ts'
import { EventIndex } from '../plan/event-index.ts'
import type { Group } from '../plan/group.ts'
import { type Dependents, noDependents } from '../plan/dependents.ts'
import { lookbackMsOf } from '../plan/stream-node.ts'
import type { DefinitionNode, Plan, StatefulNode } from '../plan/plan.ts'
import {
  type DefinitionInput,
  KeyTable,
  kindOfType,
  NONE_PREPARED,
  type Placed,
  placeDefinitions,
  type PreparedDefinitions,
} from './references.ts'
import { adoptionOf, type PlanChange } from './adoption-compiler.ts'
import { type CompiledPlan, type Layouts, type PlanBefore, type Plans, restored } from './compiled-plans.ts'
import { type Placement, placeStreams } from './group-compiler.ts'
import { StateNumbers } from './state-numbers.ts'
import { StreamCompiler } from './stream-compiler.ts'
import { type Since, sinceKey } from '../plan/since.ts'
import { TraitIndex } from '../plan/trait-index.ts'

/** Other plans, and for users and accounts the way to them. */
export interface PlansChange {
  readonly plans: Plans
  readonly adoptions: { readonly user: Adoption; readonly account: Adoption }
}

/** The definitions that actors have states for, and those of the next that begin or begin anew, by number. */
export interface PlansBefore {
  readonly plans: Plans
  readonly begun: ReadonlySet<number>
  /** Those of them that were kept aside: actors may have values of them. */
  readonly resumed?: ReadonlySet<number>
  /** Definitions whose states the next plans hold beforehand. */
  readonly prepared?: PreparedDefinitions
}

/**
 * Compiles definitions; throws an EngineError if they reference one another in a cycle.
 * @param stored the layouts by which actors were stored under the same definitions
 */
export function compilePlans(
  inputs: readonly DefinitionInput[],
  stored?: Layouts,
  prepared?: PreparedDefinitions,
): Plans {
  const before = { conditions: StateNumbers.from(stored?.conditions) }
  const { plans } = compile(
    inputs,
    stored ? { ...before, user: restored(stored.user), account: restored(stored.account) } : before,
    prepared,
  )
  return plans
}

/** Compiles definitions that come after others; throws an EngineError if they reference one another in a cycle. */
export function compileChange(inputs: readonly DefinitionInput[], before: PlansBefore): PlansChange {
  const { plans, adoptionOf } = compile(inputs, before.plans, before.prepared)
  return { plans, adoptions: { user: adoptionOf('user', before), account: adoptionOf('account', before) } }
}

const NONE: ReadonlySet<number> = new Set()

interface Compilation {
  readonly plans: Plans
  readonly adoptionOf: (kind: ActorKind, before: PlansBefore) => Adoption
}

function compile(
  inputs: readonly DefinitionInput[],
  before: { readonly conditions: StateNumbers; readonly user?: PlanBefore; readonly account?: PlanBefore },
  prepared = NONE_PREPARED,
): Compilation {
  const keys = new KeyTable(inputs.map((input) => input.source))
  const numbers = before.conditions.following()
  const own = collectConditions(inputs, numbers, new Map())
  const conditions = collectConditions(prepared.inputs, numbers, own)
  const ownInputs = [...inputs, ...own.values()]
  const others = [...prepared.inputs, ...[...conditions.values()].filter(({ source }) => !own.has(source.key))]
  const placed = placeDefinitions(ownInputs, keys, { ...prepared, inputs: others })
  const names = { keys, prepared: new Set(others), preparedKeys: prepared.keys }
  const builders = {
    user: new PlanBuilder('user', placed, new Set(prepared.inputs), before.user),
    account: new PlanBuilder('account', placed, new Set(prepared.inputs), before.account),
  }
  for (const kind of ['user', 'account'] as const) builders[kind].compile(names, builders, conditions)
  const plans = {
    user: builders.user.finish(builders.account),
    account: builders.account.finish(builders.account),
    conditions: numbers,
  }
  return {
    plans,
    adoptionOf: (kind, { plans: old, begun, resumed = NONE }) =>
      builders[kind].adoption(old[kind], plans[kind], { begun, resumed }),
  }
}

/** Names the condition of a quantifier; the same for equal conditions over the same events. */
function conditionKey(condition: Condition, since: Since): string {
  return `\0${printCondition(condition)} since ${sinceKey(since)}`
}

/** Adds to known conditions those of some definitions; returns all, by key. */
function collectConditions(
  inputs: readonly DefinitionInput[],
  numbers: StateNumbers,
  known: ReadonlyMap<string, DefinitionInput>,
): Map<string, DefinitionInput> {
  const conditions = new Map(known)
  const visit = (condition: Condition, since: Since): void => {
    if (condition.kind === 'and' || condition.kind === 'or')
      for (const operand of condition.operands) visit(operand, since)
    else if (condition.kind === 'not') visit(condition.operand, since)
    else if (condition.kind === 'quantifier') {
      const key = conditionKey(condition.operand, since)
      if (conditions.has(key)) return
      conditions.set(key, {
        id: -1 - numbers.numberOf(key),
        source: { kind: 'audience', key, type: 'USERS', query: '' },
        query: { kind: 'audience', condition: condition.operand },
        since,
        begunAt: undefined,
        definedAt: -1,
      })
    }
  }
  for (const { source, query, since } of inputs)
    if (kindOfType(source) === 'account' && query.kind === 'audience') visit(query.condition, since)
  return conditions
}

/** The meaning of names: other for definitions that are prepared. */
interface Names {
  readonly keys: KeyTable
  readonly prepared: ReadonlySet<DefinitionInput>
  readonly preparedKeys: KeyTable
}

class PlanBuilder {
  readonly kind: ActorKind
  readonly nodes: DefinitionNode[]
  readonly byKey: ReadonlyMap<string, DefinitionNode>
  readonly #placed: Placed[]
  readonly #events = new EventIndex()
  readonly #traits = new TraitIndex()
  readonly #quantified = new Set<number>()
  readonly #before: PlanBefore | undefined
  readonly #numbers: StateNumbers
  #streams: StreamCompiler | undefined
  #placement: Placement | undefined

  constructor(
    kind: ActorKind,
    placed: readonly Placed[],
    prepared: ReadonlySet<DefinitionInput>,
    before: PlanBefore | undefined,
  ) {
    this.kind = kind
    this.#before = before
    this.#numbers = before?.numbers.following() ?? StateNumbers.from()
    this.#placed = placed.filter(({ input }) => kindOfType(input.source) === kind).sort((a, b) => a.level - b.level)
    this.nodes = this.#placed.map((one, index) => emptyNode(one, index, prepared.has(one.input)))
    const [ready, others] = [
      this.nodes.filter((node) => !node.isPrepared),
      this.nodes.filter((node) => node.isPrepared),
    ]
    this.byKey = new Map([...others, ...ready].map((node) => [node.key, node]))
  }

  compile(
    { keys, prepared, preparedKeys }: Names,
    builders: Record<ActorKind, PlanBuilder>,
    conditions: ReadonlyMap<string, DefinitionInput>,
  ): void {
    const scope = {
      kind: this.kind,
      keys,
      own: this.byKey,
      accounts: builders.account.byKey,
      traits: this.#traits,
      conditionNode: (condition: Condition, since: Since) =>
        builders.user.byKey.get(conditions.get(conditionKey(condition, since))!.source.key)!,
      onQuantifier: (definition: number) => this.#quantified.add(definition),
    }
    const streams = new StreamCompiler(scope, this.#events)
    this.#streams = streams
    const compileOne = ({ input }: Placed, index: number): void => {
      const node = this.nodes[index]!
      const { since } = input
      const compiler = new ConditionCompiler(scope, streams, { definition: index, since, inputs: node.inputs })
      node.evaluate =
        input.query.kind === 'audience'
          ? compiler.condition(input.query.condition)
          : compiler.reduction(input.query.reduction)
    }
    // Where names mean two things, equal text is one node: that of the definitions which are there.
    this.#placed.forEach((one, index) => {
      if (!prepared.has(one.input)) compileOne(one, index)
    })
    scope.keys = preparedKeys
    this.#placed.forEach((one, index) => {
      if (prepared.has(one.input)) compileOne(one, index)
    })
    streams.finish(this.#numbers)
  }

  /** Completes the plan. @param accounts the builder of the accounts' plan; all definitions of both are compiled */
  finish(accounts: PlanBuilder): CompiledPlan {
    const { registry } = this.#streams!
    const placement = placeStreams(registry, this.#numbers, this.#before?.groups ?? new Map())
    this.#placement = placement
    const plan: Plan = {
      kind: this.kind,
      definitions: this.nodes,
      byId: new Map(this.nodes.filter((node) => !node.isPrepared).map((node) => [node.id, node])),
      states: byNumber([...registry.nodes, ...placement.groups.values()]),
      events: this.#events,
      traits: this.#traits,
      conditions: this.nodes.filter((node) => node.kind === 'condition'),
      trueOfNothing: [],
      ...lookbackOf(registry.nodes),
      quantified: [...this.#quantified],
      readersOfAccounts: union(accounts.nodes.map((node) => node.acrossDependents)),
      work: registry.work,
    }
    const nothing = hostOfNothing()
    const holds = this.nodes.filter(
      (node) => !node.isPrepared && node.kind !== 'computed_trait' && node.evaluate(nothing) === true,
    )
    const trueOfNothing = holds.map((node) => node.index)
    return { ...plan, trueOfNothing, numbers: this.#numbers, groups: placement.groups }
  }

  /** Finds the way from a plan to the one that `finish` has given. */
  adoption(before: CompiledPlan, plan: CompiledPlan, changed: Pick<PlanChange, 'begun' | 'resumed'>): Adoption {
    const { registry } = this.#streams!
    const isNew = (node: StatefulNode) => this.#streams!.isNew(node, this.#numbers)
    const groupsBefore = before.groups
    return adoptionOf({ before, groupsBefore, plan, registry, placement: this.#placement!, ...changed, isNew })
  }
}

function byNumber(states: readonly (StatefulNode | Group)[]): (StatefulNode | Group | undefined)[] {
  const all: (StatefulNode | Group | undefined)[] = []
  for (const state of states) {
    while (all.length < state.id) all.push(undefined)
    all[state.id] = state
  }
  return all
}

function lookbackOf(
  nodes: readonly StatefulNode[],
): Pick<Plan, 'totals' | 'windowMsMax' | 'looksBackForEver' | 'judgedMsMax' | 'hasSessions'> {
  const streams = nodes.filter((node) => node.kind === 'stream')
  const lookbacks = streams.map(lookbackMsOf)
  return {
    totals: streams.filter(({ totalKey }) => totalKey !== undefined),
    windowMsMax: Math.max(0, ...lookbacks.filter((lookback) => lookback < Infinity)),
    looksBackForEver: lookbacks.includes(Infinity),
    hasSessions: streams.some(({ sessionGap }) => sessionGap < Infinity),
    judgedMsMax: Math.max(0, ...streams.filter(({ occurrences }) => occurrences).map(lookbackMsOf)),
  }
}

function union(all: readonly Dependents[]): Dependents {
  return {
    definitions: new Set(all.flatMap(({ definitions }) => [...definitions])),
    timed: new Set(all.flatMap(({ timed }) => [...timed])),
    occurrences: new Set(all.flatMap(({ occurrences }) => [...occurrences])),
  }
}

function emptyNode(
  { input: { id, source, query }, level }: Placed,
  index: number,
  isPrepared: boolean,
): DefinitionNode {
  const reducer: Reducer | undefined = query.kind === 'computed_trait' ? query.reduction.reducer : undefined
  return {
    index,
    id,
    kind: id < 0 ? 'condition' : source.kind,
    key: source.key,
    level,
    evaluate: () => null,
    eligibleTypes:
      id >= 0 && source.kind === 'audience' && kindOfType(source) === 'user'
        ? new Set([
            ...(source.filterByExternalIds ?? ELIGIBLE_ID_TYPES),
            ...(source.includeAnonymousUsers ? ['anonymous_id'] : []),
          ])
        : undefined,
    inputs: { nodes: new Set(), names: new Set() },
    absentUntilOne: reducer?.kind === 'count' || reducer?.kind === 'unique_count',
    isPrepared,
    dependents: noDependents(),
    acrossDependents: noDependents(),
  }
}

/** An actor about which nothing is known: no events, no traits, no users, in no audience. */
function hostOfNothing(): DefinitionHost {
  return {
    now: 0,
    readTrait: (reader) =>
      reader.kind === 'account_audience' || (reader.kind === 'defined' && reader.isAudience) ? false : undefined,
    occurrencesOf: () => undefined,
    keptEvents: () => [],
    windowsLack: () => undefined,
    streamValue: (): JsonValue | undefined => undefined,
    timedTruth: () => false,
    usersSatisfying: () => 0,
    userCount: 0,
  }
}
