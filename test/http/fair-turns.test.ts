/** Turns of the event loop among spaces: whoever sends beyond its share waits, and nobody else. */
import { describe, expect, it } from 'vitest'
import { FairTurns, UNDER_WAY_MAX } from '../../src/server/fair-turns.ts'

const BYTES = 10_000

/** Turns in a test's hands: time stands still but for what is said to pass, and a turn ends when it is told to. */
class Loop {
  now = 0
  isShared = true
  readonly taken: string[] = []
  readonly #ends: (() => void)[] = []
  readonly #afterTurn: (() => void)[] = []
  readonly turns = new FairTurns({
    now: () => this.now,
    afterTurn: (act) => this.#afterTurn.push(act),
    isShared: () => this.isShared,
    waitingMax: { requests: 100, bytes: 50 * BYTES },
  })

  /** A request of a space, which takes a while to read, and is under way until it ends. */
  async send(space: string, { bytes = BYTES, readMs = 0 } = {}): Promise<string> {
    const sent = this.turns.run(space, bytes, async () => {
      this.taken.push(space)
      this.now += readMs
      await new Promise<void>((end) => this.#ends.push(end))
      return space
    })
    return sent
  }

  /** Sends so many, and gives what was taken at once. */
  async sendMany(space: string, count: number, options = {}): Promise<number> {
    const before = this.taken.length
    for (let sent = 0; sent < count; sent++) this.send(space, options).catch(() => undefined)
    await settled()
    return this.taken.length - before
  }

  /** Ends all that is under way. */
  async endAll(): Promise<void> {
    for (const end of this.#ends.splice(0)) end()
    await settled()
  }

  /** Turns go by until all is taken up and has ended. */
  async finishAll(): Promise<void> {
    do await this.endAll()
    while ((await this.nextTurn()).length > 0)
  }

  /** The present turn is over; gives what the next one takes. */
  async nextTurn(): Promise<string[]> {
    const before = this.taken.length
    for (const act of this.#afterTurn.splice(0)) act()
    await settled()
    return this.taken.slice(before)
  }
}

/** All that follows at once has happened. */
async function settled(): Promise<void> {
  for (let step = 0; step < 200; step++) await Promise.resolve()
}

/** Two spaces of which one has sent much more than the other. */
async function given(): Promise<Loop> {
  const loop = new Loop()
  await loop.sendMany('small', 1, { bytes: 10 })
  await loop.sendMany('large', 20)
  await loop.finishAll()
  return loop
}

describe('a space that sends more than its share', () => {
  it('waits for the next turn, and its requests stay in order', async () => {
    const loop = await given()
    expect(await loop.sendMany('large', 3)).toBe(0)
    expect(await loop.nextTurn()).toEqual(['large', 'large', 'large'])
  })

  it('has so many under way', async () => {
    const loop = await given()
    await loop.sendMany('large', 50)
    expect(await loop.nextTurn()).toHaveLength(UNDER_WAY_MAX.overShare)
    expect(await loop.nextTurn()).toEqual([])
    await loop.endAll()
    expect(await loop.nextTurn()).toHaveLength(UNDER_WAY_MAX.overShare)
  })

  it('is taken up for so long in a turn', async () => {
    const loop = await given()
    await loop.sendMany('large', 4, { readMs: 1.5 })
    expect(await loop.nextTurn()).toHaveLength(2)
    expect(await loop.nextTurn()).toHaveLength(2)
  })

  it('takes turns with another', async () => {
    const loop = await given()
    for (let at = 0; at < 6; at++) await loop.sendMany(`small ${at}`, 1, { bytes: 10 })
    await loop.sendMany('other', 20)
    await loop.finishAll()
    await loop.sendMany('large', 2)
    await loop.sendMany('other', 2)
    expect(await loop.nextTurn()).toEqual(['large', 'other', 'large', 'other'])
  })

  it('is refused beyond what may wait, by requests and by bytes', async () => {
    const loop = await given()
    await loop.sendMany('large', 100, { bytes: 10 })
    await expect(loop.send('large')).rejects.toMatchObject({ code: 'rate_limit_error' })
    const wide = await given()
    await wide.sendMany('large', 50)
    await expect(wide.send('large')).rejects.toMatchObject({ code: 'rate_limit_error' })
    expect(await wide.sendMany('small', 1)).toBe(1)
  })

  it('waits no more once it has sent little for a while', async () => {
    const loop = await given()
    loop.now = 2_500
    expect(await loop.sendMany('large', 3)).toBe(3)
  })
})

describe('a space that sends less', () => {
  it('never waits, whatever waits of the other', async () => {
    const loop = await given()
    await loop.sendMany('large', 50)
    expect(await loop.sendMany('small', 5)).toBe(5)
  })

  it('gives back what fails', async () => {
    const { turns } = new Loop()
    const failing = turns.run('small', 1, () => Promise.reject(new Error('refused')))
    await expect(failing).rejects.toThrow('refused')
  })
})

it('a space that is alone in sending has many under way, and waits beyond them', async () => {
  const loop = new Loop()
  const { usual } = UNDER_WAY_MAX
  expect(await loop.sendMany('alone', usual + 1, { bytes: 1 })).toBe(usual)
  await loop.endAll()
  expect(await loop.nextTurn()).toEqual(['alone'])
})

it('nothing waits where there is one space', async () => {
  const loop = new Loop()
  loop.isShared = false
  expect(await loop.sendMany('alone', 200)).toBe(200)
})
