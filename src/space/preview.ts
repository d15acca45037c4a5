/**
 * A preview: how many a definition would have that is not there. It first looks at people in random order, and
 * estimates; then at all others; then once more at those that have changed meanwhile, until so few are left that one
 * turn is enough: from then on its size is exact as of a stated instant. It reads the space, and changes nothing.
 *
 * V1. It goes in the short turns of an `ActorWalk`.
 * V2. Whoever changes after he was looked at is looked at again before the size is called exact; so is whoever is due.
 */
import type { Draft } from '../../actors/engine/draft.ts'
import type { Explainer } from '../../actors/explanation/explainer.ts'
import { PAGE_ACTORS } from '../../actors/records/pages.ts'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import { EngineError } from '../model/errors.ts'
import type {
  ChangeKind,
  ChangeQuery,
  Overlap,
  PreviewCost,
  PreviewFindings,
  PreviewMember,
  PreviewPage,
  PreviewRequest,
} from '../model/preview.ts'
import { ActorWalk } from './actor-walk.ts'
import { type Drawn, drawnOf, estimatedDifference, estimateOf, exactDifference } from './estimate.ts'
import { explainerOf } from './explain.ts'
import { costOf } from './preview-cost.ts'
import { changeOf, PreviewChange } from './preview-change.ts'
import type { PreviewContext } from './preview-context.ts'
import { PreviewPeople } from './preview-people.ts'
import { type PreviewPart, partsOf } from './preview-conditions.ts'
import { lookBack } from './preview-recent.ts'
import { PreviewTally } from './preview-tally.ts'
import { ValueTally } from './preview-values.ts'

/** So many people in random order are enough for an interval of less than two percent of all. */
export const DRAWN_MAX = 20_000
/** Some ordinals are of nobody, or of the other kind: so many are drawn for each at most. */
const TRIES = 8
/** Members that are shown. */
const SAMPLE_MAX = 20
/** So many that have changed are looked at in one turn. */
const LAST_MAX = 64

/** An audience that a preview is held against. */
interface Other {
  readonly id: string
  /** Its number. */
  readonly definition: number
}

export class Preview {
  readonly request: PreviewRequest
  readonly #context: PreviewContext
  #definitions: object | undefined
  readonly #parts: readonly PreviewPart[]
  #draft!: Draft
  #explainer!: Explainer
  #compared: Other | undefined = undefined
  #overlapping: readonly Other[] = []
  #others: readonly Other[] = []
  #tally!: PreviewTally
  #values: ValueTally | undefined = undefined
  /** The number of the definition that it changes, or is compared with; and the change. */
  #changing: number | undefined = undefined
  #change: PreviewChange | undefined = undefined
  readonly #changed = new Set<number>()
  readonly #unwatch: () => void
  #sample: PreviewMember[] = []
  /** Ordinals of members that may be shown. */
  readonly #shown = new Set<number>()
  #drawn: Drawn | undefined
  /** In the order in which they were drawn. */
  #drawnOrdinals: number[] = []
  #exact: PreviewFindings['exact']
  #recent: PreviewFindings['recent']
  /** True once all has been found that is. */
  #isComplete = false
  #failure: string | undefined
  readonly #walk: ActorWalk
  readonly #people: PreviewPeople
  /** All of smaller ordinals have been looked at, if there was anybody; infinite after the last. */
  #walkedTo = 0
  #kept: PreviewFindings | undefined
  #isEnded = false
  #settling: Promise<void> | undefined
  #nodes!: Pick<PreviewCost, 'nodesAdded' | 'nodesShared'>

  /** Throws an EngineError for a definition that does not compile. */
  constructor(request: PreviewRequest, context: PreviewContext) {
    this.request = request
    this.#parts = partsOf(request.source)
    this.#context = context
    this.#walk = new ActorWalk(context, request.source.type === 'ACCOUNTS')
    this.#people = new PreviewPeople(context, this.#walk)
    this.#name()
    this.#letGo()
    this.#unwatch = context.shard.watch((ordinal) => {
      // Others are still to be looked at.
      if (ordinal < this.#walkedTo || this.#tally.isFound(ordinal)) this.#changed.add(ordinal)
    })
  }

  /** True once nothing is computed any more. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Draws people at random; resolves with an estimate at hand. */
  async estimate(): Promise<void> {
    await this.#guarded(async () => {
      this.#begin()
      await this.#each(this.#draw())
      const { members, found } = this.#tally
      if (found > 0) this.#drawn = { members, found, compared: this.#present() }
      // It may wait for long before it goes on: then it looks at these again.
      this.#kept = this.#findings()
      this.#letGo()
    })
  }

  /** Looks at all; resolves with the exact size at hand. Keeps V2. */
  async complete(): Promise<void> {
    await this.#guarded(async () => {
      const drawn = this.#drawn
      this.#begin()
      this.#drawn = drawn
      await this.#walkAll()
      await this.#finish()
    })
  }

  /** Everybody has been looked at: finds who would have entered and left lately, too. */
  async #finish(): Promise<void> {
    const { shard } = this.#context
    if (this.request.source.kind === 'audience' && this.#draft.kind === 'user')
      this.#recent = await lookBack({
        shard,
        walk: new ActorWalk(this.#context, false),
        draft: this.#draft,
        ordinals: this.#population <= DRAWN_MAX ? undefined : this.#drawnOrdinals,
        asOf: this.#exact?.asOf ?? this.#now(),
        isOver: () => this.#isEnded || this.#isStale,
      })
    this.#isComplete = true
  }

  /** Looks again at whoever has changed: the size is exact as of now afterwards. Keeps V2. */
  settle(): Promise<void> {
    // Whoever else asks meanwhile waits for the same.
    this.#settling ??= this.#guarded(async () => {
      if (await this.#settle()) return
      await this.#walkAll()
      await this.#finish()
    }).finally(() => (this.#settling = undefined))
    return this.#settling
  }

  /** Looks at everybody who was not looked at yet; from the start if definitions change meanwhile. */
  async #walkAll(): Promise<void> {
    for (;;) {
      if (this.#isStale) this.#begin()
      await this.#each(this.#unseen())
      this.#walkedTo = Infinity
      if (this.#isEnded || (await this.#settle())) return
    }
  }

  /** Returns false if definitions have changed, so that all must be looked at again. */
  async #settle(): Promise<boolean> {
    for (;;) {
      const now = this.#now()
      const changed = [...new Set([...this.#changed, ...this.#tally.dueUntil(now)])]
      this.#changed.clear()
      if (this.#isStale) return false
      const isLast = changed.length <= LAST_MAX && !changed.some((ordinal) => this.#walk.isAway(ordinal))
      if (isLast) {
        for (const ordinal of changed) this.#look(ordinal, now)
        this.#exact = { size: this.#tally.members, asOf: now }
        await this.#showSample()
        return true
      }
      await this.#each(changed)
      if (this.#isEnded) return true
    }
  }

  /** True once the draft is not of the present definitions any more: names may mean something else. */
  get #isStale(): boolean {
    return this.#definitions !== this.#context.shard.definitions
  }

  /** Compiles it under the present definitions. Throws an EngineError if it does not compile. */
  #name(): void {
    const { shard } = this.#context
    const { source, compareWith, overlapWith, changeOf: changed } = this.request
    this.#definitions = shard.definitions
    this.#draft = shard.drafts.draft(source, [
      ...this.#parts.map(({ condition }) => condition),
      ...this.#parts.map(({ rest }) => rest),
    ])
    this.#explainer = explainerOf(shard.drafts.options(source), false)
    this.#nodes = shard.drafts.nodesOf(source)
    this.#compared = compareWith === undefined ? undefined : this.#other(compareWith, 'compareWith')
    const changing = changed === undefined ? undefined : this.#context.numberOf(changed, source.kind)
    this.#changing = changing ?? this.#compared?.definition
    this.#overlapping = overlapWith.map((id, index) => this.#other(id, `overlapWith.${index}`))
    this.#others = [...(this.#compared ? [this.#compared] : []), ...this.#overlapping]
  }

  /** Begins, or begins anew, with nobody looked at. Throws an EngineError if it does not compile any more. */
  #begin(): void {
    if (this.#isStale) this.#name()
    this.#letGo()
    this.#values = this.request.source.kind === 'computed_trait' ? new ValueTally() : undefined
    this.#walkedTo = 0
    this.#exact = this.#recent = undefined
    this.#isComplete = false
    this.#drawn = undefined
    this.#kept = undefined
  }

  /** Lets go of all that was found of each actor. */
  #letGo(): void {
    this.#changed.clear()
    this.#shown.clear()
    this.#tally = new PreviewTally(this.#others.length, this.#parts.length)
    this.#values = undefined
    const { changeOf: changed } = this.request
    const connections = changed === undefined ? [] : this.#context.connectionsOf(changed)
    this.#change = this.#changing === undefined ? undefined : new PreviewChange(connections)
  }

  /** Ends it: nothing is computed any more, and what it has found stays. */
  end(): void {
    this.#isEnded = true
    this.#unwatch()
  }

  /** Ends it, and keeps nothing but its findings. */
  freeze(): void {
    this.#kept = this.findings()
    this.end()
    const change = this.#change
    change?.freeze()
    this.#letGo()
    this.#change = change
  }

  findings(): PreviewFindings {
    return this.#kept ?? this.#findings()
  }

  #findings(): PreviewFindings {
    const tally = this.#tally
    const first = this.#compared ? 1 : 0
    const all = this.#population
    const drawn = this.#exact ? undefined : this.#drawn
    return {
      status: this.#failure === undefined ? (this.#isComplete ? 'COMPLETED' : 'RUNNING') : 'FAILED',
      ...(this.#failure === undefined ? {} : { failureReason: this.#failure }),
      progress: this.#exact || all === 0 ? 1 : Math.min(1, tally.found / all),
      estimate: drawn && estimateOf(drawn.members, drawn.found, Math.max(all, drawn.found)),
      exact: this.#exact,
      sample: this.#sample,
      identifiers: tally.identifiers(),
      overlap: this.#overlapping.map(({ id }, index) => ({ id, ...tally.overlap(first + index) })),
      difference: this.#exact ? exactDifference(this.#present()) : drawn && estimatedDifference(drawn, all),
      deliveries: this.request.changeOf === undefined || !this.#exact ? undefined : this.#change?.deliveries(),
      changing: this.#values && this.#exact ? this.#change?.others : undefined,
      recent: this.#recent,
      conditions: this.#parts.map(({ place, isAlternative }, index) => {
        const { onlyThrough, ...numbers } = tally.condition(index)
        return { ...place, ...numbers, ...(isAlternative && { onlyThrough }) }
      }),
      values: this.#values?.summary(),
      cost: costOf({
        nodes: this.#nodes,
        draft: this.#draft,
        tally,
        spentMs: this.#walk.spentMs,
        all,
        now: this.#now(),
      }),
    }
  }

  /** The overlap with the audience that it is compared with, of those that were looked at. */
  #present(): Overlap | undefined {
    return this.#compared && this.#tally.overlap(0)
  }

  #other(id: string, field: string): Other {
    const definition = this.#context.numberOf(id, 'audience')
    if (definition !== undefined) return { id, definition }
    throw new EngineError('not_found', `${field}: there is no such audience that is computed`, field)
  }

  get #population(): number {
    const { shard } = this.#context
    return this.#draft.kind === 'user' ? shard.profileCount : shard.accountCount
  }

  #now(): number {
    return Math.max(this.#context.shard.clock, this.#context.clock())
  }

  async #guarded(act: () => Promise<void>): Promise<void> {
    if (this.#isEnded) return
    try {
      await act()
    } catch (cause) {
      this.#failure = cause instanceof Error ? cause.message : String(cause)
      this.#kept = undefined
      this.end()
    }
  }

  *#draw(): Generator<number> {
    const { shard, random } = this.#context
    this.#drawnOrdinals = []
    for (const ordinal of drawnOf(shard.reader.pageCount * PAGE_ACTORS, random, DRAWN_MAX * TRIES)) {
      if (this.#tally.found >= DRAWN_MAX) return
      this.#drawnOrdinals.push(ordinal)
      yield ordinal
    }
  }

  *#unseen(): Generator<number> {
    const { reader } = this.#context.shard
    for (let ordinal = 0; ordinal < reader.pageCount * PAGE_ACTORS; ordinal++) {
      // Somebody may come under it as soon as it has been looked at.
      this.#walkedTo = ordinal + 1
      if (!this.#tally.isFound(ordinal)) yield ordinal
    }
  }

  /** Keeps V1. */
  #each(ordinals: Iterable<number>): Promise<void> {
    return this.#walk.each(
      ordinals,
      (ordinal) => this.#look(ordinal, this.#now()),
      () => this.#isEnded || this.#isStale,
    )
  }

  /** Looks at an actor, which is in memory with whatever its value is read from. */
  #look(ordinal: number, now: number): void {
    this.#changed.delete(ordinal)
    const seen: SpaceActor[] = []
    this.#context.shard.reader.see(ordinal, (actor) => seen.push(actor))
    const [actor] = seen
    if (actor?.kind === this.#draft.kind) this.#take(ordinal, actor, now)
    else if (this.#tally.isFound(ordinal)) {
      this.#tally.set(ordinal, undefined)
      this.#values?.set(ordinal, null)
      this.#change?.forget(ordinal)
    }
  }

  #take(ordinal: number, actor: SpaceActor, now: number): void {
    const { value, dueAt, parts } = this.#draft.evaluate(actor, now)
    const isMember = this.#values ? value !== null : value === true
    const others = this.#others.map(({ definition }) => actor.definedValue(definition) === true)
    const ids = actor.kind === 'user' ? actor.ids : []
    this.#tally.set(ordinal, { isMember, others, ids, parts, dueAt })
    this.#values?.set(ordinal, value)
    if (this.#change)
      this.#change.set(actor, changeOf(this.request.source.kind, value, actor.definedValue(this.#changing!)), value)
    if (isMember && this.#shown.size < SAMPLE_MAX) this.#shown.add(ordinal)
  }

  /** Lists who enters or leaves the audience that it is compared with, as far as is known; undefined without one. */
  async page(kind: ChangeKind, { from, ...query }: ChangeQuery): Promise<PreviewPage | undefined> {
    if (!this.#compared || !this.#change) return undefined
    return this.#people.page(this.#change.ordinals(kind, from), query)
  }

  /** Describes the members that are shown, as they are now. */
  async #showSample(): Promise<void> {
    const sample: PreviewMember[] = []
    for (const ordinal of [...this.#shown].sort((a, b) => a - b)) {
      if (!this.#tally.isMember(ordinal)) {
        this.#shown.delete(ordinal)
        continue
      }
      await this.#people.see(ordinal, (actor) => {
        sample.push({
          ...this.#people.describe(actor, this.request.traits),
          because: this.#explainer.because(actor, this.#now()),
          until: this.#values ? undefined : this.#draft.until(actor, this.#now()),
        })
      })
    }
    this.#sample = sample
  }
}
