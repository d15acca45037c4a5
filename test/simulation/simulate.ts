/** One run from a seed: a space whose servers crash must be what its journal says, as if there had been no faults. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { of } from 'rxjs'
import type { Applied } from '../../actors/engine/applied.ts'
import type { SettlementObserver } from '../../actors/settlement/settlement-observer.ts'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import { Shard } from '../../actors/engine/shard.ts'
import { REGULATION_TYPES, type SpaceCommand } from '../../src/model/space-command.ts'
import { Registry } from '../../src/space/registry.ts'
import { SpaceOutbox } from '../../src/outbox/space-outbox.ts'
import { limitsOf } from '../../src/space/destination-limits.ts'
import { toEngineEntry } from '../../src/space/engine-entry.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { ConnectionRecord, DeliveryCommand, DestinationRecord } from '../../src/model/destination.ts'
import { readCall } from '../../src/model/call.ts'
import { DEFAULT_IDENTITY_RULES } from '../../src/model/external-id.ts'
import { FIRST_RULES_VERSION } from '../../src/model/rules.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { Pipeline } from '../../src/space/pipeline.ts'
import { AuditLog } from '../../src/space/audit-log.ts'
import { AudienceSizes } from '../../src/space/audience-sizes.ts'
import { ObservedNames } from '../../src/space/observed-names.ts'
import { RecentTransitions } from '../../src/space/recent-transitions.ts'
import { applyEntries, countedSpaceOf, observerOf, viewOf } from '../../src/space/space.ts'
import type { JournalRecord } from '../../src/journal/journal.ts'
import type { OracleInput } from '../oracle/oracle.ts'
import { changingScenarios, peopleScenarios } from '../support/generators/calls.ts'
import type { FeedClient } from '../support/feed-client.ts'
import { bytesOf } from '../support/reopened.ts'
import { Chance, type Odds } from './fate.ts'
import { type Asked, DEDUPLICATION, SimulatedSpace } from './simulated-space.ts'

export interface Simulated {
  /** Digest of the state at the end, and of all that went live on the way. */
  readonly hash: string
  readonly starts: number
  readonly checkpoints: number
  /** Servers that went on with a space that they had followed. */
  readonly takenOver: number
  readonly inputs: number
}

const LENGTH = { history: { minLength: 5, maxLength: 40 } }
const scenarios = fc.oneof(changingScenarios(LENGTH), peopleScenarios(changingScenarios(LENGTH)))
const BURST_MAX = 5

/** Throws where a fault shows. */
export async function simulate(seed: number): Promise<Simulated> {
  const chance = new Chance(seed)
  const [scenario] = fc.sample(scenarios, { seed, numRuns: 1 })
  const { definitions, inputs, until } = scenario!
  const first = inputs[0]?.receivedAt ?? 0
  const all: Asked[] = [
    ...definitions.map((definition) => definitionAsked(definition, first)),
    ...connectionsAsked(definitions, first),
    ...inputs.map(askedOf).flatMap((asked) => [...more(chance, asked.receivedAt, definitions), asked]),
    lastCall(until),
  ]
  const space = new SimulatedSpace(chance, oddsOf(chance))
  for (let left = all; left.length > 0;) {
    const count = chance.is(0.3) ? 1 + chance.below(BURST_MAX) : 1
    await space.take(left.slice(0, count))
    left = left.slice(count)
  }
  const pipeline = await space.finish()
  const { records } = space.redis
  const expected = replay(records as JournalRecord<SpaceCommand>[])
  for (const asked of all) if (asked.kind === 'call') checkAppliedOnce(asked.call, expected.applied)
  checkTransitions(space.live, expected.transitions)
  checkFeed(space.client, expected.published)
  if (space.takenByOthers > 0) throw new Error('a server that had lost the space took an input')
  const bytes = await checkState(pipeline, expected)
  const hash = createHash('sha256').update(bytes).update(JSON.stringify(space.live)).digest('hex')
  return { hash, starts: space.starts, checkpoints: space.checkpoints, takenOver: space.takenOver, inputs: all.length }
}

function oddsOf(chance: Chance): Odds {
  return {
    crash: chance.of([0.002, 0.01, 0.03]),
    failure: chance.of([0, 0.005, 0.02]),
    trouble: chance.of([0, 0.01, 0.2]),
    delay: chance.next(),
  }
}

/** The state to the byte, with whom has left memory brought back. */
async function checkState(pipeline: Pipeline, { shard, registry, outbox, sizes, observed }: Replayed): Promise<string> {
  for (const actor of shard.actors()) if (actor.kind === 'user') await pipeline.reads.find('users', actor.ids[0]!)
  const bytes = bytesOf(pipeline.shard)
  if (bytes !== bytesOf(shard)) throw new Error('the state is not what the journal says')
  if (!isDeepStrictEqual(pipeline.registry.state(), registry.state()))
    throw new Error('the registry is not what the journal says')
  if (!isDeepStrictEqual(outboxOf(pipeline.outbox), outboxOf(outbox)))
    throw new Error('the outbox is not what the journal says')
  if (!isDeepStrictEqual(pipeline.sizes.state(), sizes.state()))
    throw new Error('the sizes are not what the journal says')
  if (!isDeepStrictEqual(pipeline.observed.state(), observed.state()))
    throw new Error('the observed names are not what the journal says')
  return bytes
}

/** Everything that there is to be told, and to whom; in no order of the actors. */
function outboxOf(outbox: SpaceOutbox): unknown {
  const lines = outbox.outboxes().flatMap((outbox) => outbox.lines)
  return [outbox.state(), lines.sort((a, b) => a.actor - b.actor)]
}

/** A transition as a feed has it. */
interface Published {
  readonly text: string
  /** Changes with what becomes of the profile. */
  ordinal: number
  isDeleted: boolean
}

interface Replayed {
  readonly shard: Shard
  readonly registry: Registry
  readonly outbox: SpaceOutbox
  readonly sizes: AudienceSizes
  readonly observed: ObservedNames
  readonly transitions: readonly Transition[]
  /** The same, as a feed has them: with their ids. */
  readonly published: readonly Published[]
  /** By `messageId`, how often a call was applied. */
  readonly applied: ReadonlyMap<string, number>
}

/** Replays all that was ever stored, without faults, checkpoints and rest. */
function replay(records: readonly JournalRecord<SpaceCommand>[]): Replayed {
  const [outbox, registry, recent] = [new SpaceOutbox(limitsOf), new Registry(), new RecentTransitions()]
  const [sizes, observed, audit] = [new AudienceSizes(), new ObservedNames(), new AuditLog()]
  const published: Published[] = []
  const ordinals: number[] = []
  const told = observerOf({ outbox, recent, sizes, observed })
  const observer: SettlementObserver = {
    settled: (one) => {
      told.settled(one)
      for (const { survivor, absorbed } of one.united)
        for (const other of published) if (absorbed.includes(other.ordinal)) other.ordinal = survivor.ordinal
      ordinals.push(...one.changes.map(({ actor }) => actor.ordinal))
      for (const { ordinal } of one.deleted) {
        deleted.add(ordinal)
        for (const other of published) other.isDeleted ||= other.ordinal === ordinal
      }
    },
  }
  const deleted = new Set<number>()
  const shard = new Shard({ deduplication: DEDUPLICATION, rules: FIRST_RULES_VERSION, observer })
  outbox.attach(viewOf(shard))
  sizes.attach(countedSpaceOf(shard))
  const transitions: Transition[] = []
  const applied = new Map<string, number>()
  let receivedAt = 0
  for (const [index, { position, entry: stored }] of records.entries()) {
    if (position !== index) throw new Error(`entry ${index} of the journal says that it is ${position}`)
    if (stored.receivedAt < receivedAt) throw new Error(`entry ${index} was received before the one before it`)
    receivedAt = stored.receivedAt
    const entry = toEngineEntry(stored, { shard, registry, outbox })
    let result: Applied | undefined
    of(entry)
      .pipe(applyEntries({ shard, registry, outbox, recent, sizes, observed, audit }))
      .subscribe((commit) => (result = commit))
    const { outcomes, transitions: caused } = result!
    transitions.push(...caused)
    for (const [place, transition] of caused.entries()) {
      const ordinal = ordinals[place]!
      const text = publishedAs(`${position}-${place + 1}`, transition)
      published.push({ text, ordinal, isDeleted: deleted.has(ordinal) })
    }
    ordinals.length = 0
    if (entry.kind !== 'calls') continue
    for (const [place, { call }] of entry.calls.entries())
      if (['applied', 'suppressed'].includes(outcomes[place]!.kind))
        applied.set(call.messageId, (applied.get(call.messageId) ?? 0) + 1)
  }
  return { shard, registry, outbox, sizes, observed, transitions, published, applied }
}

/** Whatever was taken counts once, though it may have been sent more than once. */
function checkAppliedOnce(body: Readonly<Record<string, unknown>>, applied: ReadonlyMap<string, number>): void {
  try {
    readCall(body, DEFAULT_IDENTITY_RULES)
  } catch {
    return
  }
  const messageId = String(body['messageId'])
  const times = applied.get(messageId) ?? 0
  if (times !== 1) throw new Error(`${messageId} was taken, and counts ${times} times`)
}

/**
 * Checks that the live transitions are those of the journal: each at its instant, with its value, once, and in order at
 * every server.
 */
function checkTransitions(live: readonly (readonly Transition[])[], expected: readonly Transition[]): void {
  const texts = expected.map((transition) => JSON.stringify(transition))
  const left = new Map<string, number>()
  for (const text of texts) left.set(text, (left.get(text) ?? 0) + 1)
  for (const ofServer of live) {
    let place = 0
    for (const text of ofServer.map((transition) => JSON.stringify(transition))) {
      place = texts.indexOf(text, place) + 1
      const times = left.get(text) ?? 0
      if (place === 0 || times === 0) throw new Error(`it went live, and should not have: ${text}`)
      left.set(text, times - 1)
    }
  }
}

/** Checks that a client of the feed has received all, once and in order, however many servers crashed meanwhile. */
function checkFeed({ transitions, gaps }: FeedClient, published: readonly Published[]): void {
  if (gaps.length > 0) throw new Error(`the feed has a gap: ${String(gaps[0]!.data)}`)
  const received = transitions.map(({ id, data }) => publishedAs(id, data as unknown as Transition))
  const known = new Set(received)
  // Those of a profile that was deleted meanwhile were there for whoever followed at the time.
  const expected = published.filter(({ text, isDeleted }) => !isDeleted || known.has(text)).map(({ text }) => text)
  const index = Array.from({ length: Math.max(received.length, expected.length) }, (_, place) => place).find(
    (place) => received[place] !== expected[place],
  )
  if (index !== undefined)
    throw new Error(`the feed has ${String(received[index])} in the place of ${String(expected[index])}`)
}

function publishedAs(id: string, { at, type, key, profile, value, sequence }: Transition): string {
  return JSON.stringify([id, new Date(at).toISOString(), type, key, profile, value, sequence])
}

/** Moves the clock on to the end, and waits until all before it is applied. */
function lastCall(receivedAt: number): Asked {
  return { kind: 'call', call: { type: 'track', userId: 'last', event: 'Last', messageId: 'last' }, receivedAt }
}

function askedOf(input: OracleInput): Asked {
  switch (input.kind) {
    case 'call':
      return input
    case 'define':
      return definitionAsked(input.definition, input.receivedAt)
    case 'remove':
      return { kind: 'command', command: { kind: 'remove', id: idOf(input) }, receivedAt: input.receivedAt }
    case 'tick':
      return { kind: 'pause', receivedAt: input.receivedAt }
    default: {
      const { receivedAt, ...command } = input
      return { kind: 'command', command, receivedAt }
    }
  }
}

/** Input that comes now and then. */
function more(chance: Chance, receivedAt: number, definitions: readonly DefinitionSource[]): Asked[] {
  if (chance.is(0.05)) return [tokenAsked(chance, receivedAt)]
  if (definitions.length > 0 && chance.is(0.05)) return syncAsked(chance.of(definitions), receivedAt)
  if (chance.is(0.01)) return [regulationAsked(chance, receivedAt)]
  return chance.is(0.02) ? [crowdAsked(chance, receivedAt)] : []
}

/** Users that fill a page of actors and more: so others are not on the last page any more, and may leave memory. */
function crowdAsked(chance: Chance, receivedAt: number): Asked {
  const [crowd, name] = [chance.below(3), chance.below(1 << 30)]
  const calls = Array.from({ length: PAGE_ACTORS + 1 }, (_, index) => ({
    type: 'track',
    userId: `crowd ${crowd} ${index}`,
    event: 'Ordered',
    messageId: `crowd ${name} ${index}`,
    timestamp: new Date(receivedAt).toISOString(),
  }))
  return { kind: 'crowd', calls, receivedAt }
}

/** Users of whom some are there. */
function regulationAsked(chance: Chance, receivedAt: number): Asked {
  const userIds = Array.from({ length: 1 + chance.below(3) }, () => `u${1 + chance.below(5)}`)
  const type = chance.of(REGULATION_TYPES)
  const regulation = { id: `reg_${receivedAt}`, type, subjects: userIds.length, createdAt: receivedAt }
  return { kind: 'command', command: { kind: 'regulate', regulation, userIds }, receivedAt }
}

/** Most are added, some removed. */
function tokenAsked(chance: Chance, receivedAt: number): Asked {
  const id = `tok_${chance.below(4)}`
  const command: SpaceCommand = chance.is(0.3)
    ? { kind: 'remove token', id }
    : { kind: 'add token', token: { id, description: '', digest: id, createdAt: receivedAt } }
  return { kind: 'command', command, receivedAt }
}

function definitionAsked(source: DefinitionSource, at: number): Asked {
  const { includeHistoricalData = true, includeAnonymousUsers = false } = source
  const record = {
    id: idOf(source),
    name: source.key,
    description: '',
    enabled: true,
    createdAt: at,
    updatedAt: at,
    source,
    options: { includeHistoricalData, includeAnonymousUsers },
  }
  return { kind: 'command', command: { kind: 'define', record }, receivedAt: at }
}

function idOf({ type, key }: Pick<DefinitionSource, 'type' | 'key'>): string {
  return `${type} ${key}`
}

/** A destination that is told of every definition, of accounts by all kinds of calls. */
function connectionsAsked(definitions: readonly DefinitionSource[], at: number): Asked[] {
  const destination: DestinationRecord = {
    id: 'destination',
    type: 'webhook',
    name: 'destination',
    enabled: true,
    settings: {},
    sealed: '',
    missing: [],
    createdAt: at,
    updatedAt: at,
  }
  const connections = definitions.map(({ kind, type, key }): ConnectionRecord => {
    const isAccounts = type === 'ACCOUNTS'
    return {
      id: `connection ${type} ${key}`,
      destinationId: destination.id,
      definitionId: idOf({ type, key }),
      kind,
      type,
      key,
      includesAnonymous: true,
      enabled: true,
      sends: { identify: true, track: false, group: isAccounts },
      events: { entered: 'Audience Entered', exited: 'Audience Exited', computed: 'Trait Computed' },
      idSync: [],
      traits: { plan: 'plan' },
      approval: { members: 3, share: 1 },
      createdAt: at,
      updatedAt: at,
    }
  })
  const commands: DeliveryCommand[] = [
    { kind: 'put destination', destination },
    ...connections.map((connection) => ({ kind: 'connect', connection, sync: 'present' }) as const),
  ]
  return commands.map((command) => ({ kind: 'command', command, receivedAt: at }))
}

/** Everyone whom it concerns is told, as far as that may be unasked; or somebody consents. */
function syncAsked({ type, key }: DefinitionSource, receivedAt: number): Asked[] {
  const connectionId = `connection ${type} ${key}`
  const steps = [0, 2, 0, 2].map((from) => ({ kind: 'sync step', connectionId, from, to: from + 2 }) as const)
  const commands: DeliveryCommand[] = [
    { kind: 'approve', connectionId },
    { kind: 'sync', connectionId, scope: 'known' },
  ]
  return [...commands, ...steps].map((command) => ({ kind: 'command', command, receivedAt }))
}
