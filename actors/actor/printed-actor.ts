/**
 * An actor as a person reads it: its row, then each state with what it is of, its value, and when it is due.
 *
 * Example: `user_id:u1, actor 0, 2 events, next deadline 2026-01-01T01:00:00.000Z`, then for each state a line such as
 * `group 3, due 2026-01-01T01:00:00.000Z: "Seen"… = 2`.
 */
import type { JsonValue } from '../../src/model/json.ts'
import { formatInstant, INSTANT_MAX } from '../../src/model/time.ts'
import type { Plan } from '../plan/plan.ts'
import { ORDINAL } from '../rows/row.ts'
import type { ActorStore } from './actor-store.ts'
import type { SpaceActor } from './space-actor.ts'

/** Returns the lines for an actor that is in memory. */
export function printedActor(store: ActorStore, actor: SpaceActor): string[] {
  const { rows, memory, histories } = store
  const { row } = actor
  const plan = store.plansOf(actor.ordinal)[actor.kind]
  const first = [
    actor.label,
    `actor ${memory.state.ints[row * 2 + ORDINAL * 2 + 1]}`,
    ...(actor.kind === 'user' ? [`${histories.count(row)} events`] : [`${actor.userCount} users`]),
    `next deadline ${printedInstant(actor.dueAt)}`,
    ...(actor.isUnbuilt ? ['states still to be computed'] : []),
  ].join(', ')
  const states = rows.entryIds(row).flatMap((id) => {
    const due = printedInstant(memory.state.doubles[rows.find(row, id)]!)
    const state = plan.states[id]!
    const head = `  ${state.kind} ${id}, due ${due}`
    if (state.kind === 'timed') return [`${head}: ${state.key} is ${actor.timedTruth(id)}`]
    if (state.kind === 'stream') return [`${head}: ${printedStream(state.key, actor.streamValue(id))}`]
    if (state.kind === 'occurrences')
      return [`${head}: ${actor.occurrencesOf(id)?.occurrences.length ?? 0} occurrences`]
    return [
      head,
      ...streamsOf(plan, id).map((stream) => `    ${printedStream(stream.key, actor.streamValue(stream.id))}`),
    ]
  })
  const defined = plan.definitions.flatMap(({ id, key, kind }) => {
    const value = actor.defined.get(id)
    if (!value) return []
    const { sequence, changedAt } = value
    return [`  ${kind} ${key} = ${JSON.stringify(value.value)}, ${sequence} transitions, ${printedInstant(changedAt)}`]
  })
  return [first, ...states, ...defined]
}

function streamsOf(plan: Plan, group: number) {
  return plan.states.filter((state) => state?.kind === 'stream').filter(({ place }) => place?.group === group)
}

function printedStream(key: string, value: JsonValue | undefined): string {
  return `${key} = ${JSON.stringify(value ?? null)}`
}

function printedInstant(at: number): string {
  return at <= INSTANT_MAX ? formatInstant(at) : 'never'
}
