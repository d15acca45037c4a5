/**
 * Goes over a space and gives the members of a definition as they all were at one instant, while the space goes on.
 *
 * X1. The instant is that of the beginning: an actor that is about to change and was not come to is taken before.
 * X2. Each actor is taken once. Whoever comes later is none of it.
 * X3. It never fails within the engine: what is wrong there ends the walk at its next step.
 */
import type { Shard } from '../../actors/engine/shard.ts'
import type { ExportedMember } from '../model/export.ts'
import { ActorWalk, type WalkContext } from '../space/actor-walk.ts'
import { AccountsAsOf } from './accounts-as-of.ts'
import { ExportedDefinition, type ExportedDefinitionOptions } from './exported-definition.ts'

export interface ExportWalkOptions extends ExportedDefinitionOptions {
  readonly context: WalkContext
  readonly signal: AbortSignal
  /** Called for each member. */
  readonly give: (member: ExportedMember) => void
}

export class ExportWalk {
  /** Epoch ms. */
  readonly asOf: number
  readonly #options: ExportWalkOptions
  readonly #shard: Shard
  readonly #definition: ExportedDefinition
  readonly #accounts: AccountsAsOf
  /** Actors from here on have come since it began. */
  readonly #end: number
  /** By ordinal, in bits. */
  readonly #taken: Uint8Array
  readonly #unwatch: () => void
  #failure: Error | undefined

  constructor(options: ExportWalkOptions) {
    const { shard } = options.context
    this.#options = options
    this.#shard = shard
    this.#definition = new ExportedDefinition(options)
    this.#accounts = new AccountsAsOf(this.#definition.readOfAccounts)
    this.asOf = shard.clock
    this.#end = shard.reader.nextOrdinal
    this.#taken = new Uint8Array(Math.ceil(this.#end / 8))
    this.#unwatch = shard.watch((ordinal) => this.#changing(ordinal))
  }

  /** Resolves when all have been taken. Rejects if the signal ends it, or something has failed. */
  async run(): Promise<void> {
    const { context, signal } = this.#options
    try {
      const walk = new ActorWalk(context, false)
      const isOver = (): boolean => this.#failure !== undefined || signal.aborted
      await walk.each(this.#left(), (ordinal) => this.#take(ordinal), isOver)
      if (this.#failure) throw this.#failure
      signal.throwIfAborted()
    } finally {
      this.#unwatch()
    }
  }

  /** Keeps X1 and X3. */
  #changing(ordinal: number): void {
    if (ordinal >= this.#end || this.#failure) return
    try {
      const { reader, residentPages } = this.#shard
      if (this.#isTaken(ordinal) && reader.kindAt(ordinal) !== 'account') return
      if (residentPages.pagesOf(ordinal).length > 0) throw new Error(`actor ${ordinal} changes and is out of memory`)
      reader.see(ordinal, (actor) => {
        if (actor.kind === 'account') this.#accounts.changing(actor)
      })
      this.#take(ordinal)
    } catch (cause) {
      this.#failure = cause instanceof Error ? cause : new Error(String(cause))
    }
  }

  *#left(): Generator<number> {
    const { reader } = this.#shard
    for (let ordinal = 0; ordinal < this.#end; ordinal++)
      if (!this.#isTaken(ordinal) && reader.kindAt(ordinal) === this.#definition.kind) yield ordinal
  }

  #isTaken(ordinal: number): boolean {
    return (this.#taken[ordinal >> 3]! & (1 << (ordinal & 7))) !== 0
  }

  /** Keeps X2. */
  #take(ordinal: number): void {
    if (this.#isTaken(ordinal)) return
    this.#taken[ordinal >> 3]! |= 1 << (ordinal & 7)
    this.#shard.reader.see(ordinal, (actor) => {
      const member = this.#definition.memberOf(actor, this.#accounts)
      if (member) this.#options.give(member)
    })
  }
}
