/**
 * The demonstration: a space of its own, in which an invented shop has had its past and goes on living. It is made and
 * removed here; `demonstration-calls.ts` sends its calls.
 */
import type { ShopScale } from '../demonstration/people.ts'
import { PAST_MS, PEOPLE } from '../demonstration/shop.ts'
import { DEMONSTRATION_ID, type DemonstrationStatus } from '../demonstration/status.ts'
import { DemonstrationCalls, type DemonstrationSetup } from './demonstration-calls.ts'

const NAME = 'Demonstration shop'
const SCALE: ShopScale = { seed: 1, people: PEOPLE }

export class Demonstration {
  readonly #setup: DemonstrationSetup
  readonly #scale: ShopScale
  /** Those of the space that there is, or was last. */
  #calls: DemonstrationCalls | undefined
  /** Resolves when it is being neither made nor removed. */
  #changing: Promise<unknown> = Promise.resolve()
  #isStopped = false

  constructor(setup: DemonstrationSetup, scale = SCALE) {
    this.#setup = setup
    this.#scale = scale
  }

  get status(): DemonstrationStatus {
    if (!this.#find()) return { status: 'none' }
    const { isLive, share } = this.#calls ?? { isLive: false, share: 0 }
    const spaceId = DEMONSTRATION_ID
    return isLive ? { status: 'live', spaceId } : { status: 'filling', spaceId, share }
  }

  /** Goes on with the demonstration, if there is one. To be called once the spaces are open. */
  start(): void {
    const record = this.#find()
    if (!record || this.#isStopped) return
    this.#calls = new DemonstrationCalls(this.#setup, { ...this.#scale, record })
    this.#calls.start()
  }

  /** Makes it, unless it is there. Rejects with an EngineError if its id is that of another space. */
  make(): Promise<void> {
    return this.#change(async () => {
      const { spaces, heldClock, clock } = this.#setup
      if (this.#find()) return
      await this.#calls?.stop()
      const createdAt = clock()
      heldClock.hold(createdAt - PAST_MS)
      await spaces.create({ id: DEMONSTRATION_ID, name: NAME, createdAt, isDemonstration: true })
      this.start()
    })
  }

  /** Removes it with all that it has, if it is there. */
  remove(): Promise<void> {
    return this.#change(async () => {
      if (!this.#find()) return
      await this.#calls?.stop()
      await this.#setup.spaces.remove(DEMONSTRATION_ID)
    })
  }

  /** Sends nothing any more; the space stays. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#changing
    await this.#calls?.stop()
  }

  #find() {
    const record = this.#setup.spaces.find(DEMONSTRATION_ID)?.record
    return record?.isDemonstration ? record : undefined
  }

  /** One after another. */
  #change(act: () => Promise<void>): Promise<void> {
    const changing = this.#changing.then(act)
    this.#changing = changing.catch(() => undefined)
    return changing
  }
}
