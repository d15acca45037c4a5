/** Redis is told to write its files anew once what was deleted is in no checkpoint any more, and not too often. */
import { describe, expect, it } from 'vitest'
import { Erasure } from '../../src/server/erasure.ts'
import { VirtualTime } from '../support/server.ts'

function given(rewrite: () => Promise<void> = () => Promise.resolve()) {
  const time = new VirtualTime(0)
  const seen = { rewrites: [] as number[], failures: [] as unknown[] }
  const erasure = new Erasure({
    rewrite: () => {
      seen.rewrites.push(time.now)
      return rewrite()
    },
    clock: time.clock,
    timer: time.timer,
    onFailed: (cause) => seen.failures.push(cause),
  })
  const checkpoints = (count: number): void => {
    for (let made = 0; made < count; made++) erasure.checkpointed()
  }
  return { erasure, time, seen, checkpoints }
}

describe('an erasure', () => {
  it('comes with the third checkpoint after a deletion, and once', () => {
    const { erasure, seen, checkpoints } = given()
    checkpoints(5)
    erasure.deleted()
    checkpoints(2)
    expect(seen.rewrites).toEqual([])
    checkpoints(5)
    expect(seen.rewrites).toEqual([0])
  })

  it('waits for what is deleted meanwhile', () => {
    const { erasure, seen, checkpoints } = given()
    erasure.deleted()
    checkpoints(2)
    erasure.deleted()
    checkpoints(2)
    expect(seen.rewrites).toEqual([])
    checkpoints(1)
    expect(seen.rewrites).toEqual([0])
  })

  it('comes an hour after the one before at the earliest, and not after a stop', () => {
    const { erasure, time, seen, checkpoints } = given()
    for (let round = 0; round < 3; round++) {
      erasure.deleted()
      checkpoints(3)
    }
    time.moveTo(3_599_999)
    expect(seen.rewrites).toEqual([0])
    time.moveTo(3_600_000)
    expect(seen.rewrites).toEqual([0, 3_600_000])
    erasure.deleted()
    checkpoints(3)
    erasure.stop()
    time.moveTo(10_000_000)
    expect(seen.rewrites).toHaveLength(2)
  })

  it('that fails is reported', async () => {
    const cause = new Error('no answer')
    const { erasure, seen, checkpoints } = given(() => Promise.reject(cause))
    erasure.deleted()
    checkpoints(3)
    await Promise.resolve()
    expect(seen.failures).toEqual([cause])
  })
})
