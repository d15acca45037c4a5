/**
 * The spaces that a node has claimed: each is opened, served while its lease is held, and closed.
 *
 * C1. A space is open here only between a claim and its release, or the loss of its lock.
 * C2. Nothing of a space is answered when its lease is over. It stays in memory until it is known that somebody else
 *     has it: if its lock comes back, it goes on at once.
 * C3. Whoever comes late opens no journal: its rightful owner would have to take it back.
 * C4. A space stays listed until nothing that was begun with it goes on. A claim that comes meanwhile is given back.
 */
import type { SetTimer } from '../model/timer.ts'
import { Lease } from './lease.ts'
import type { Claim, Ownership, Renewal } from './ownership.ts'
import type { HostedSpace, SpaceEnding, SpaceHost } from './space-host.ts'

export interface ClaimedSpacesOptions {
  readonly host: Pick<SpaceHost, 'open' | 'prepare' | 'close' | 'describe'>
  readonly ownership: Pick<Ownership, 'leaseMs' | 'release'>
  /** Makes it known that a space is here. */
  readonly announce: (spaceId: string) => Promise<void>
  /** Makes it known that others may claim a space now. */
  readonly signal: () => Promise<void>
  /** Makes it known that a space is here no more, as it was described last. */
  readonly retire: (spaceId: string, described: HostedSpace) => Promise<void>
  /** The monotonic clock, ms. */
  readonly now: () => number
  readonly timer: SetTimer
  readonly onTrouble: (cause: unknown) => void
  /** Called when a space could not be opened. */
  readonly onFailed: (spaceId: string) => void
  readonly onChange: () => void
}

/**
 * Open, and being stored for its next owner, a space serves. One that has failed to open waits a moment before another
 * node may try.
 */
type Phase = 'opening' | 'open' | 'preparing' | 'closing'

interface ClaimedSpace {
  readonly lease: Lease
  phase: Phase
  /** True while its lock is not ours, as far as is known. */
  isParked: boolean
  /** True once it is somebody else's: nothing of it is stored, and nobody is told of it. */
  isDropped: boolean
  /** True if it was claimed again after it was begun to be closed. */
  isClaimedAgain: boolean
  /** Resolves when what was begun with it has ended. */
  changing: Promise<void>
}

/** A space that could not be opened is given up after so long. */
const GIVEN_UP_AFTER_MS = 2_000

export class ClaimedSpaces {
  readonly #options: ClaimedSpacesOptions
  readonly #spaces = new Map<string, ClaimedSpace>()

  constructor(options: ClaimedSpacesOptions) {
    this.#options = options
  }

  get ids(): string[] {
    return [...this.#spaces.keys()]
  }

  get size(): number {
    return this.#spaces.size
  }

  has(spaceId: string): boolean {
    return this.#spaces.has(spaceId)
  }

  /** True while this node may answer for a space. Keeps C2. */
  serves(spaceId: string): boolean {
    const space = this.#spaces.get(spaceId)
    return space !== undefined && isServing(space.phase) && space.lease.isHeld
  }

  /** By space, the time that its lease lasts, ms. */
  get leases(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#spaces, ([id, { lease }]) => [id, lease.leftMs]))
  }

  /** Lists those that are open and whose lock is ours. */
  get announcedIds(): string[] {
    return this.ids.filter((id) => isServing(this.#spaces.get(id)!.phase) && !this.#spaces.get(id)!.isParked)
  }

  /** Lists those that stay here, as far as is known. */
  get stayingIds(): string[] {
    return this.ids.filter((id) => ['opening', 'open'].includes(this.#spaces.get(id)!.phase))
  }

  /** Lists those whose lock is not ours. */
  get parkedIds(): string[] {
    return this.ids.filter((id) => this.#spaces.get(id)!.isParked)
  }

  /** True while some space is on its way to another node. */
  get isAnyLeaving(): boolean {
    return [...this.#spaces.values()].some(({ phase }) => phase === 'preparing' || phase === 'closing')
  }

  /** Opens a space that was claimed, or goes on with one that was here all the time. Keeps C4. */
  take({ spaceId, askedAt }: Claim): void {
    const held = this.#spaces.get(spaceId)
    if (held) {
      if (held.phase === 'closing') held.isClaimedAgain = true
      else {
        held.lease.extend(askedAt)
        held.isParked = false
      }
      return
    }
    const { now, ownership } = this.#options
    const lease = new Lease(now, ownership.leaseMs)
    lease.extend(askedAt)
    const space: ClaimedSpace = {
      lease,
      phase: 'opening',
      isParked: false,
      isDropped: false,
      isClaimedAgain: false,
      changing: Promise.resolve(),
    }
    this.#spaces.set(spaceId, space)
    space.changing = this.#open(spaceId, space)
  }

  /** Notes the outcome of a renewal of all of them, or of some. Keeps C2. */
  renewed(spaceIds: readonly string[], { askedAt, lost }: Renewal): void {
    for (const spaceId of spaceIds) {
      const space = this.#spaces.get(spaceId)
      if (!space || space.isDropped) continue
      space.isParked = lost.includes(spaceId)
      if (space.isParked) space.lease.end()
      else space.lease.extend(askedAt)
    }
  }

  /** Opens a space again whose journal somebody has taken, though its lock is ours. */
  reopen(spaceId: string): void {
    const { host, onTrouble } = this.#options
    const space = this.#spaces.get(spaceId)
    if (space?.phase !== 'open') return
    space.phase = 'opening'
    space.changing = host
      .close(spaceId, 'dropped')
      .catch(onTrouble)
      .then(() => this.#open(spaceId, space))
  }

  /**
   * Stores a space while it serves, closes it, and lets other nodes claim it; without storing it if it is `followed` by
   * a node that can go on with it.
   */
  letGo(spaceId: string, isFollowed = false): void {
    const { host, onTrouble } = this.#options
    const space = this.#spaces.get(spaceId)
    if (!space || space.phase === 'preparing' || space.phase === 'closing') return
    const isOpen = space.phase === 'open'
    const before = space.changing
    space.phase = isOpen && !isFollowed ? 'preparing' : 'closing'
    space.changing = (async () => {
      await before
      if (space.phase === 'preparing') await host.prepare(spaceId).catch(onTrouble)
      space.phase = 'closing'
      await this.#giveUp(spaceId, space, isOpen && isFollowed ? 'handed over' : 'stored')
    })()
  }

  /** Throws away a space that somebody else has. */
  drop(spaceId: string): void {
    const { host, onTrouble } = this.#options
    const space = this.#spaces.get(spaceId)
    if (!space || space.isDropped) return
    const before = space.changing
    const close = () => host.close(spaceId, 'dropped').catch(onTrouble)
    space.isDropped = true
    space.isParked = false
    space.phase = 'closing'
    space.lease.end()
    space.changing = (async () => {
      // At once, so that what is under way with it fails; and after that, for what it has opened all the same.
      await Promise.all([before, close()])
      await close()
      if (space.isClaimedAgain) await this.#release(spaceId, space)
      this.#end(spaceId, space)
    })()
  }

  /** Forgets a space that was closed and removed. */
  forget(spaceId: string): void {
    this.#spaces.delete(spaceId)
  }

  /** Lets all of them go; resolves when they are gone. */
  async letAllGo(isFollowed: (spaceId: string) => boolean): Promise<void> {
    while (this.#spaces.size > 0) {
      for (const spaceId of this.ids) this.letGo(spaceId, isFollowed(spaceId))
      await Promise.all(Array.from(this.#spaces.values(), ({ changing }) => changing))
    }
  }

  async #open(spaceId: string, space: ClaimedSpace): Promise<void> {
    const { host, announce, timer, onTrouble, onFailed, onChange } = this.#options
    // It was let go before its turn came.
    if (space.phase !== 'opening') return
    try {
      // Keeps C3.
      if (!space.lease.isHeld) throw new Error(`cluster: the claim of ${spaceId} was over before it was opened`)
      await host.open(spaceId).catch((cause: unknown) => {
        onFailed(spaceId)
        throw cause
      })
      if (!this.#isOpening(space)) return
      space.phase = 'open'
      await announce(spaceId).catch(onTrouble)
    } catch (cause) {
      onTrouble(cause)
      if (!this.#isOpening(space)) return
      await new Promise<void>((resolve) => timer(resolve, GIVEN_UP_AFTER_MS))
      if (this.#isOpening(space)) {
        space.phase = 'closing'
        await this.#giveUp(spaceId, space, 'dropped')
      }
    }
    onChange()
  }

  /** Another may have begun something else with it meanwhile. */
  #isOpening({ phase }: ClaimedSpace): boolean {
    return phase === 'opening'
  }

  /** Closes a space, then lets others have it. One that is dropped meanwhile is that one's to end. Keeps C1, C4. */
  async #giveUp(spaceId: string, space: ClaimedSpace, ending: SpaceEnding): Promise<void> {
    const { host, retire, signal, onTrouble } = this.#options
    const isDropped = (): boolean => space.isDropped
    if (isDropped()) return
    const described = host.describe(spaceId)
    await host.close(spaceId, ending).catch(onTrouble)
    if (isDropped()) return
    if (described) await retire(spaceId, described).catch(onTrouble)
    await this.#release(spaceId, space)
    await signal().catch(onTrouble)
    if (!isDropped()) this.#end(spaceId, space)
  }

  /** Keeps C4. */
  async #release(spaceId: string, space: ClaimedSpace): Promise<void> {
    const { ownership, onTrouble } = this.#options
    const isClaimedAgain = (): boolean => space.isClaimedAgain
    do {
      space.isClaimedAgain = false
      await ownership.release(spaceId).catch(onTrouble)
    } while (isClaimedAgain())
  }

  #end(spaceId: string, space: ClaimedSpace): void {
    // It may have been forgotten, and another be here by its id.
    if (this.#spaces.get(spaceId) === space) this.#spaces.delete(spaceId)
    this.#options.onChange()
  }
}

function isServing(phase: Phase): boolean {
  return phase === 'open' || phase === 'preparing'
}
