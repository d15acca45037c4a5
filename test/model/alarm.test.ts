import { describe, expect, it } from 'vitest'
import { Alarm, WAIT_MS_MAX } from '../../src/model/alarm.ts'
import { VirtualTime } from '../support/server.ts'

function setUp() {
  const time = new VirtualTime(1000)
  const rung: string[] = []
  const alarm = new Alarm({
    clock: time.clock,
    timer: time.timer,
    ring: (dueAt) => rung.push(`${dueAt} at ${time.now}`),
  })
  return { time, rung, alarm }
}

describe('the alarm', () => {
  it('rings at the instant, once', () => {
    const { time, rung, alarm } = setUp()
    alarm.arm(1500)
    time.moveTo(1499)
    expect(rung).toEqual([])
    time.moveTo(9999)
    expect(rung).toEqual(['1500 at 1500'])
  })

  it('rings at once for what is past', () => {
    const { time, rung, alarm } = setUp()
    alarm.arm(1)
    time.moveTo(1000)
    expect(rung).toEqual(['1 at 1000'])
  })

  it('has one timer, for the latest arming', () => {
    const { time, rung, alarm } = setUp()
    for (const dueAt of [5000, 2000, 3000, 3000]) alarm.arm(dueAt)
    expect(time.timers.size).toBe(1)
    time.moveTo(9999)
    expect(rung).toEqual(['3000 at 3000'])
  })

  it('never rings for infinity, nor after it is disarmed', () => {
    const { time, rung, alarm } = setUp()
    alarm.arm(2000)
    alarm.arm(Infinity)
    expect(time.timers.size).toBe(0)
    alarm.arm(2000)
    alarm.disarm()
    time.moveTo(9999)
    expect(rung).toEqual([])
  })

  it('waits for years in parts that a timer can take', () => {
    const { time, rung, alarm } = setUp()
    alarm.arm(1000 + WAIT_MS_MAX * 2.5)
    expect([...time.timers][0]!.delayMs).toBe(WAIT_MS_MAX)
    time.moveTo(1000 + WAIT_MS_MAX * 3)
    expect(rung).toEqual([`${1000 + WAIT_MS_MAX * 2.5} at ${1000 + WAIT_MS_MAX * 2.5}`])
    alarm.arm(Number.MAX_SAFE_INTEGER)
    expect([...time.timers][0]!.delayMs).toBe(WAIT_MS_MAX)
  })

  it('waits on when its timer fires early', () => {
    const { time, rung, alarm } = setUp()
    alarm.arm(1500)
    const [early] = time.timers
    time.timers.clear()
    time.now = 1499
    early!.callback()
    expect(rung).toEqual([])
    time.moveTo(1500)
    expect(rung).toEqual(['1500 at 1500'])
  })
})
