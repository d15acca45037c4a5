/** Deaths, waits and the end of a supervised process, in virtual time; the children are of the test's making. */
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { SupervisedProcess } from '../../src/process/supervised-process.ts'
import { VirtualTime } from '../support/server.ts'

class FakeChild extends EventEmitter {
  readonly pid: number | undefined
  exitCode: number | null = null
  signalCode: NodeJS.Signals | null = null
  readonly signals: NodeJS.Signals[] = []

  constructor(pid: number | undefined) {
    super()
    this.pid = pid
  }

  kill(signal: NodeJS.Signals): boolean {
    return this.signals.push(signal) > 0
  }

  exits(code: number): void {
    this.exitCode = code
    this.emit('exit', code, null)
  }

  isKilledBy(signal: NodeJS.Signals): void {
    this.signalCode = signal
    this.emit('exit', null, signal)
  }
}

function supervise({ isMissing = false } = {}) {
  const time = new VirtualTime(0)
  const children: FakeChild[] = []
  const deaths: string[] = []
  const supervised = new SupervisedProcess({
    start: () => {
      const child = new FakeChild(isMissing ? undefined : 1)
      children.push(child)
      return child as unknown as ChildProcess
    },
    askToEnd: (child) => child.kill('SIGTERM'),
    onDeath: (how) => deaths.push(how),
    restartMs: { min: 100, max: 500 },
    steadyMs: 1_000,
    clock: time.clock,
    timer: time.timer,
  })
  return { time, children, deaths, supervised, last: () => children.at(-1)! }
}

describe('a process that dies', () => {
  it('is started again, after a while', () => {
    const { time, children, deaths, supervised, last } = supervise()
    last().exits(1)
    time.moveTo(99)
    expect(children).toHaveLength(1)
    time.moveTo(100)
    expect(children).toHaveLength(2)
    expect(supervised.child).toBe(last())
    last().isKilledBy('SIGKILL')
    expect(deaths).toEqual(['exit code 1', 'SIGKILL'])
  })

  it('again and again is waited for twice as long each time, up to a bound', () => {
    const { time, last } = supervise()
    const waits = Array.from({ length: 5 }, () => {
      last().exits(1)
      const [{ delayMs } = { delayMs: NaN }] = time.timers
      time.moveTo(time.now + delayMs)
      return delayMs
    })
    expect(waits).toEqual([100, 200, 400, 500, 500])
  })

  it.each([
    [999, 200],
    [1_000, 100],
  ])('after it has lived for %i ms is waited for %i ms', (livedMs, waitMs) => {
    const { time, last } = supervise()
    last().exits(1)
    time.moveTo(100)
    time.moveTo(100 + livedMs)
    last().exits(1)
    expect([...time.timers].map(({ delayMs }) => delayMs)).toEqual([waitMs])
  })

  it('before it was started, for want of a program, is tried again', () => {
    const { time, children, deaths, last } = supervise({ isMissing: true })
    last().emit('error', new Error('spawn ENOENT'))
    time.moveTo(100)
    expect([deaths, children.length]).toEqual([['spawn ENOENT'], 2])
  })
})

it('a program that is not there is a death, as the system tells it', async () => {
  const time = new VirtualTime(0)
  const death = new Promise<string>((resolve) => {
    new SupervisedProcess({
      start: () => spawn('/nowhere/program'),
      askToEnd: () => undefined,
      onDeath: resolve,
      restartMs: { min: 100, max: 500 },
      steadyMs: 1_000,
      timer: time.timer,
    })
  })
  expect(await death).toBe('spawn /nowhere/program ENOENT')
  expect(time.timers.size).toBe(1)
})

it('an error of a process that runs is no death', () => {
  const { time, children, deaths, last } = supervise()
  last().emit('error', new Error('a message was not sent'))
  time.moveTo(60_000)
  expect([deaths, children.length, time.timers.size]).toEqual([[], 1, 0])
})

describe('a process that is stopped', () => {
  it('is asked to end, is waited for, and is not started again', async () => {
    const { time, children, deaths, supervised, last } = supervise()
    let isStopped = false
    const stopping = supervised.stop().then(() => (isStopped = true))
    time.moveTo(9_999)
    await Promise.resolve()
    expect([isStopped, last().signals]).toEqual([false, ['SIGTERM']])
    last().exits(0)
    await stopping
    time.moveTo(60_000)
    expect([children.length, deaths, last().signals, time.timers.size]).toEqual([1, [], ['SIGTERM'], 0])
  })

  it('and does not end is killed after ten seconds', async () => {
    const { time, supervised, last } = supervise()
    const stopping = supervised.stop()
    time.moveTo(10_000)
    expect(last().signals).toEqual(['SIGTERM', 'SIGKILL'])
    last().isKilledBy('SIGKILL')
    await stopping
  })

  it('while it waits to be started again is not started', async () => {
    const { time, children, supervised, last } = supervise()
    last().exits(1)
    await supervised.stop()
    expect(time.timers.size).toBe(0)
    time.moveTo(60_000)
    expect([children.length, last().signals]).toEqual([1, []])
  })

  it('though it could never be started is no more waited for', async () => {
    const { supervised, children, last } = supervise({ isMissing: true })
    await supervised.stop()
    last().emit('error', new Error('spawn ENOENT'))
    expect(children).toHaveLength(1)
  })

  it('twice ends once, for both', async () => {
    const { supervised, last } = supervise()
    const both = Promise.all([supervised.stop(), supervised.stop()])
    last().exits(0)
    await both
    await supervised.stop()
  })
})
