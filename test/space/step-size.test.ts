/** Steps of a changeover grow and shrink with what they take. */
import { describe, expect, it } from 'vitest'
import { StepSize } from '../../src/space/step-size.ts'

/** Takes steps over actors that take so long each, ms; `share` of them take part. Returns how long the last one took. */
function lastOf(size: StepSize, steps: number, { msPerActor, share }: { msPerActor: number; share: number }): number {
  let ms = 0
  for (let step = 0; step < steps; step++) {
    const { actors, rows } = size.slice(false)
    const looked = Math.min(rows, actors / share)
    ms = looked * share * msPerActor + looked * 0.000_05
    size.adapt(ms, looked)
  }
  return ms
}

describe('a step', () => {
  it.each([
    [0.005, 1],
    [0.1, 1],
    [0.005, 0.01],
    [0.002, 0.0001],
  ])('of actors that take %d ms each, of whom %d take part, comes to take a moment', (msPerActor, share) => {
    const ms = lastOf(new StepSize(), 30, { msPerActor, share })
    expect(ms).toBeGreaterThan(0.5)
    expect(ms).toBeLessThan(3.5)
  })

  it('is small again at once where all is dearer', () => {
    const size = new StepSize()
    lastOf(size, 30, { msPerActor: 0.002, share: 1 })
    size.restart()
    expect(lastOf(size, 1, { msPerActor: 0.05, share: 1 })).toBeLessThan(3)
    lastOf(size, 30, { msPerActor: 0.002, share: 1 })
    expect(lastOf(size, 2, { msPerActor: 0.05, share: 1 })).toBeLessThan(3)
  })

  it('looks at few where some have left memory', () => {
    const size = new StepSize()
    lastOf(size, 30, { msPerActor: 0.001, share: 0.000_01 })
    expect(size.slice(false).rows).toBeGreaterThan(10_000)
    expect(size.slice(true).rows).toBeLessThan(3_000)
  })
})
