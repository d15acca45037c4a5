/** The status of checkpoints, from one to the next. */
import { describe, expect, it } from 'vitest'
import { CheckpointSchedule } from '../../src/checkpoints/checkpoint-schedule.ts'
import type { Checkpointer, CheckpointSource } from '../../src/checkpoints/checkpointer.ts'
import { VirtualTime } from '../support/server.ts'

const INTERVAL = 60_000

/** A schedule whose checkpoints wait for the test's word. */
class Given {
  readonly time = new VirtualTime(0)
  #end: { resolve: () => void; reject: (cause: Error) => void } | undefined
  readonly schedule = new CheckpointSchedule({
    checkpointer: {
      make: (number: number) =>
        new Promise((resolve, reject) => {
          this.#end = { resolve: () => resolve({ number, bytes: 0, pages: 0, durationMs: 0 }), reject }
        }),
      trimBehind: undefined,
    } as unknown as Checkpointer,
    limits: { intervalMs: INTERVAL, bytesMax: Infinity },
    timer: this.time.timer,
    nextNumber: 1,
    source: () => ({}) as CheckpointSource,
    ended: () => undefined,
    trim: () => Promise.resolve(),
    onMade: () => undefined,
    onFailed: () => undefined,
  })

  async end(cause?: Error): Promise<void> {
    if (cause) this.#end!.reject(cause)
    else this.#end!.resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('the status of checkpoints', () => {
  it('has the oldest entry that none has, and those that one is being made of until it is stored', async () => {
    const given = new Given()
    const { time, schedule } = given
    expect(schedule.status).toEqual({ waitingSince: undefined, isFailing: false })
    schedule.applied(1, 10)
    schedule.applied(1, 20)
    expect(schedule.status.waitingSince).toBe(10)
    time.moveTo(INTERVAL)
    schedule.applied(1, 30)
    expect(schedule.status.waitingSince).toBe(10)
    await given.end()
    expect(schedule.status).toEqual({ waitingSince: 30, isFailing: false })
  })

  it('is failing from a failure to the next checkpoint, whose entries wait on', async () => {
    const given = new Given()
    const { time, schedule } = given
    schedule.applied(1, 10)
    time.moveTo(INTERVAL)
    schedule.applied(1, 30)
    await given.end(new Error('no space left'))
    expect(schedule.status).toEqual({ waitingSince: 10, isFailing: true })
    time.moveTo(2 * INTERVAL)
    await given.end()
    expect(schedule.status).toEqual({ waitingSince: undefined, isFailing: false })
  })
})
