/** One run from a seed: a space whose servers crash must be what its journal says, as if there had been no faults. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { Shard } from '../../actors/shard.ts'
import type { SpaceCommand } from '../../src/control-api/record.ts'
import { Registry } from '../../src/control-api/registry.ts'
import { durableEntry } from '../../src/durable-entry.ts'
import { readCall } from '../../src/model/call.ts'
import { DEFAULT_IDENTITY_RULES } from '../../src/model/external-id.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { JournalEntry } from '../../src/persistence/journal.ts'
import type { OracleInput } from '../oracle/oracle.ts'
import { changingScenarios } from '../support/generators/calls.ts'
import { bytesOf } from '../support/reopened.ts'
import { Chance, type Odds } from './fate.ts'
import { SimulatedSpace } from './simulated-space.ts'

export interface Simulated {
  /** Of the state at the end, and of all that went live on the way. */
  readonly hash: string
  readonly starts: number
  readonly checkpoints: number
  readonly inputs: number
}

const scenarios = changingScenarios({ history: { minLength: 5, maxLength: 40 } })

/** Throws where a fault shows. */
export async function simulate(seed: number): Promise<Simulated> {
  const chance = new Chance(seed)
  const [scenario] = fc.sample(scenarios, { seed, numRuns: 1 })
  const { definitions, inputs } = scenario!
  const first = inputs[0]?.receivedAt ?? 0
  const all: OracleInput[] = [
    ...definitions.map((definition) => ({ kind: 'define' as const, definition, receivedAt: first })),
    ...inputs,
  ]
  const odds: Odds = { crash: chance.of([0.002, 0.01, 0.05]), failure: chance.of([0, 0.005]), delay: chance.next() }
  const space = new SimulatedSpace(chance, odds)
  for (const input of all) await space.take(input)
  await space.take(lastCall(scenario!.until))
  const shard = await space.finish()
  const expected = replay(space.disk.entries)
  for (const input of all) if (input.kind === 'call') checkAppliedOnce(input.call, expected.applied)
  checkTransitions(space.live, expected.transitions)
  if (space.takenByOthers > 0) throw new Error('a server that had lost the space took an input')
  const bytes = bytesOf(shard)
  if (!bytes.equals(bytesOf(expected.shard))) throw new Error('the state is not what the journal says')
  const hash = createHash('sha256').update(bytes).update(JSON.stringify(space.live)).digest('hex')
  return { hash, starts: space.starts, checkpoints: space.disk.committed[0] ?? 0, inputs: all.length }
}

interface Replayed {
  readonly shard: Shard
  readonly transitions: readonly Transition[]
  /** By `messageId`, how often a call was applied. */
  readonly applied: ReadonlyMap<string, number>
}

/** What all that was ever stored comes to, without faults, checkpoints and rest. */
function replay(entries: readonly JournalEntry<SpaceCommand>[]): Replayed {
  const [shard, registry] = [new Shard(), new Registry()]
  const transitions: Transition[] = []
  const applied = new Map<string, number>()
  for (const stored of entries) {
    const entry = durableEntry(stored, registry)
    const { outcomes, transitions: caused } = shard.apply(entry)
    if (stored.kind === 'command') registry.apply(stored.command)
    transitions.push(...caused)
    if (entry.kind !== 'calls') continue
    for (const [place, { call }] of entry.calls.entries())
      if (outcomes[place]!.kind === 'applied') applied.set(call.messageId, (applied.get(call.messageId) ?? 0) + 1)
  }
  return { shard, transitions, applied }
}

/** Whatever was taken counts once, though it may have been sent more than once. */
function checkAppliedOnce(
  body: Extract<OracleInput, { kind: 'call' }>['call'],
  applied: ReadonlyMap<string, number>,
): void {
  try {
    readCall(body, DEFAULT_IDENTITY_RULES)
  } catch {
    return
  }
  const messageId = String(body['messageId'])
  const times = applied.get(messageId) ?? 0
  if (times !== 1) throw new Error(`${messageId} was taken, and counts ${times} times`)
}

/** Moves the clock on to the end, and waits until all before it is applied. */
function lastCall(receivedAt: number): OracleInput {
  return { kind: 'call', call: { type: 'track', userId: 'last', event: 'Last', messageId: 'last' }, receivedAt }
}

/** What went live is what the journal says: each at its instant, with its value, once, in order. */
function checkTransitions(live: readonly Transition[], expected: readonly Transition[]): void {
  let place = 0
  for (const transition of live) {
    const text = JSON.stringify(transition)
    while (place < expected.length && JSON.stringify(expected[place]) !== text) place++
    if (place++ === expected.length) throw new Error(`it went live, and should not have: ${text}`)
  }
}
