/**
 * Finds out if a `count` that begins in the middle of a history has once been at least 1: from then on it is 0, not
 * absent, when nothing matches. The actor's kept events are played again, each at the instant at which it was received,
 * with everything that falls due in between. Traits are taken as they are now: their past values are not kept.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import { Actor, type SettlementSink } from '../actor/actor.ts'
import type { HeardEvent } from '../history/history.ts'
import { compareEvents } from '../../src/model/event.ts'
import type { ForgottenTotals } from '../streams/forgotten-totals.ts'
import { compilePlans } from '../compiler/compile.ts'
import type { Plan } from '../plan/plan.ts'
import { type DefinitionInput, KeyTable, kindOfType, visitTraits } from '../compiler/references.ts'

const SILENT: SettlementSink = {
  deliver: (actor, message) => actor.receive(message),
  onFailure: () => undefined,
  onSuccess: () => undefined,
  enqueue: () => undefined,
  changing: () => undefined,
  join: () => undefined,
  appending: () => undefined,
}

/** Drops the values of definitions that are no more; users' conditions get new numbers with every plan. */
export function dropEnded(actor: Actor, { byId }: Plan): void {
  for (const id of actor.defined.ids()) if (id < 0 || !byId.has(id)) actor.defined.delete(id)
}

/** Sets `hasBeenOne` of a count that begins, or begins anew. */
export function beginCount(
  actor: Actor,
  { byId }: Plan,
  input: DefinitionInput,
  { inputs, now }: { readonly inputs: readonly DefinitionInput[]; readonly now: number },
): void {
  const node = byId.get(input.id)
  if (!node?.absentUntilOne) return
  const hasBeenOne = hasEverBeenOne(actor, input, inputs, now)
  const held = actor.defined.get(node.id)
  if (held) held.hasBeenOne = hasBeenOne
  else if (hasBeenOne) actor.defined.set(node.id, { value: null, sequence: 0, changedAt: 0, hasBeenOne, settlement: 0 })
  actor.markDefinition(node.index)
}

/**
 * @param inputs all definitions of the space: those of the same type that it reads are played with it
 * @param until the present instant: what falls due after it has not happened yet
 */
function hasEverBeenOne(
  actor: Actor,
  input: DefinitionInput,
  inputs: readonly DefinitionInput[],
  until: number,
): boolean {
  const plan = playedPlan(input, inputs)
  const heard = [...actor.heardEvents()].sort((a, b) => a.at - b.at || a.event.arrival - b.event.arrival)
  const played = new PlayedActor(actor, plan, input.id)
  for (const { event, at } of heard) if (played.playTo(at - 1) || played.play(event, at)) return true
  return played.playTo(until)
}

function playedPlan(input: DefinitionInput, inputs: readonly DefinitionInput[]): Plan {
  const kind = kindOfType(input.source)
  const keys = new KeyTable(inputs.map(({ source }) => source))
  const read = new Set<DefinitionInput>()
  const add = (definition: DefinitionInput): void => {
    if (read.has(definition)) return
    read.add(definition)
    visitTraits(definition.query, kind, (name, of) => {
      const target = keys.resolve(of, name)
      if (of !== kind || target.kind !== 'own') return
      add(inputs.find(({ source }) => source.key === target.key && kindOfType(source) === kind)!)
    })
  }
  add(input)
  return compilePlans([...read])[kind]
}

class PlayedActor extends Actor {
  readonly #of: Actor
  readonly #definition: number
  readonly #played: ProfileEvent[] = []

  constructor(of: Actor, plan: Plan, definition: number) {
    super(of.ordinal, plan, SILENT)
    this.#of = of
    this.#definition = definition
    for (const key of Object.keys(of.traits.values))
      this.writableTraits().set(
        { key, value: of.traits.values[key]!, ts: 0, arrival: 0, sourceId: '' },
        () => undefined,
      )
  }

  /** Plays up to `limit`; returns true if the count was at least 1 at some due instant. */
  playTo(limit: number): boolean {
    while (this.dueAt <= limit) {
      this.advance(this.dueAt)
      if (this.#settle()) return true
    }
    return false
  }

  play(event: ProfileEvent, at: number): boolean {
    this.advance(at)
    this.#played.push(event)
    this.takeEvent(event)
    return this.#settle()
  }

  protected override tellOthers(): void {
    // No other actor is played with it.
  }

  override receive(): void {
    throw new Error('a played actor takes no messages')
  }

  override get label(): string {
    return this.#of.label
  }

  override get userCount(): number {
    return this.#of.userCount
  }

  override usersSatisfying(condition: number): number {
    return this.#of.usersSatisfying(condition)
  }

  override keptEvents(): readonly ProfileEvent[] {
    return [...this.#played].sort(compareEvents)
  }

  override olderOfAll(): readonly ForgottenTotals[] {
    return []
  }

  override heardEvents(): readonly HeardEvent[] {
    return []
  }

  override isEligible(types: ReadonlySet<string>): boolean {
    return this.#of.isEligible(types)
  }

  override readAccountAudience(definition: number): boolean {
    return this.#of.readAccountAudience(definition)
  }

  #settle(): boolean {
    this.evaluate(Infinity)
    this.schedule()
    return this.defined.get(this.#definition)?.hasBeenOne ?? false
  }
}
