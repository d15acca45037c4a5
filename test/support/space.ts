/** A space in a test's hands: calls and commands at instants that the test says, transitions as short lines. */
import type { CallOutcome } from '../../actors/engine/applied.ts'
import { Shard } from '../../actors/engine/shard.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { Command, Entry } from '../../src/model/entry.ts'
import type { Transition } from '../../src/model/transition.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
/** The instant 0 of every story. */
export const START = Date.UTC(2026, 0, 1)

type Options = Partial<DefinitionSource>

export function audience(key: string, query: string, options: Options = {}): DefinitionSource {
  return { kind: 'audience', key, type: 'USERS', query, ...options }
}

export function computedTrait(key: string, query: string, options: Options = {}): DefinitionSource {
  return { kind: 'computed_trait', key, type: 'USERS', query, ...options }
}

export function accountAudience(key: string, query: string): DefinitionSource {
  return audience(key, query, { type: 'ACCOUNTS' })
}

export function accountTrait(key: string, query: string): DefinitionSource {
  return computedTrait(key, query, { type: 'ACCOUNTS' })
}

type Fields = Readonly<Record<string, unknown>>

/** Instants are ms after START; one that is left out is the present. */
export class Space {
  shard: Shard
  lastOutcome: CallOutcome | undefined

  constructor(...definitions: readonly DefinitionSource[]) {
    this.shard = new Shard({ definitions })
    this.shard.apply({ kind: 'tick', receivedAt: START })
  }

  call(body: Fields, at = this.now): string[] {
    const { transitions, outcomes } = this.apply({
      kind: 'calls',
      receivedAt: START + at,
      calls: [{ body: { timestamp: iso(at), ...body }, sourceId: 'web' }],
    })
    this.lastOutcome = outcomes[0]!
    return transitions.map(lineOf)
  }

  track(userId: string, event: string, properties: Fields = {}, at?: number): string[] {
    return this.call({ type: 'track', userId, event, properties }, at)
  }

  identify(userId: string, traits: Fields = {}, at?: number): string[] {
    return this.call({ type: 'identify', userId, traits }, at)
  }

  group(userId: string, groupId: string, traits: Fields = {}, at?: number): string[] {
    return this.call({ type: 'group', userId, groupId, traits }, at)
  }

  /** All that is due up to an instant, inclusively. */
  until(at: number): string[] {
    return this.apply({ kind: 'tick', receivedAt: START + at + 1 }).transitions.map(lineOf)
  }

  define(definition: DefinitionSource, at = this.now): string[] {
    return this.#command({ kind: 'define', definition }, at)
  }

  remove(key: string, type: DefinitionSource['type'] = 'USERS', at = this.now): string[] {
    return this.#command({ kind: 'remove', key, type }, at)
  }

  /** Applies a command as a replay does. Throws an EngineError for one that is refused. */
  command(command: Command, at = this.now): string[] {
    this.shard.compile(command, START + at)
    return this.#command(command, at)
  }

  apply(entry: Entry): ReturnType<Shard['apply']> {
    return this.shard.apply(entry)
  }

  get now(): number {
    return this.shard.clock - START
  }

  #command(command: Command, at: number): string[] {
    return this.apply({ kind: 'command', receivedAt: START + at, command }).transitions.map(lineOf)
  }
}

export function iso(at: number): string {
  return new Date(START + at).toISOString()
}

/** `24h user_id:u1 buyers entered`; a fraction of an hour is given in ms. */
function lineOf({ at, profile, key, type, value }: Transition): string {
  const after = at - START
  const instant = `${Math.floor(after / HOUR)}h${after % HOUR === 0 ? '' : `+${after % HOUR}ms`}`
  return `${instant} ${profile} ${key} ${value === undefined ? type : JSON.stringify(value)}`
}
