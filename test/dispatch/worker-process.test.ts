/** The process of the workers, with a program of the test's in place of theirs: it prints what it is told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, until } from '../support/eventually.ts'
import { WorkerProcess } from '../../src/dispatch/worker-process.ts'
import type { WorkerDestination } from '../../src/worker/delivery-worker.ts'
import { signal } from '../support/processes.ts'

/** Settings say what a question about them comes to: `works`, `fails`, `dies`, or `waits` for ever. */
const PROGRAM = `
  const failure = { reason: 'a', message: 'b' }
  process.on('message', (message) => {
    const { kind, request, destination } = message
    if (kind !== 'ask') process.send({ kind: 'print', line: JSON.stringify(message) })
    else if (destination.settings.it === 'dies') process.exit(3)
    else if (destination.settings.it !== 'waits')
      process.send({ kind: 'answered', request, answer: destination.settings.it === 'fails' ? { failure } : { value: null } })
  })
`
const CONFIG = { address: '/nowhere', spaceId: 'default', directory: '/nowhere', allowPrivate: false }
const DESTINATION: WorkerDestination = { id: 'dst_1', type: 'console', settings: {}, lanes: 1 }
const OPENED = JSON.stringify({ kind: 'open', config: CONFIG })

let directory: string
let workers: WorkerProcess
let printed: string[]
let deaths: string[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-workers-'))
  const program = join(directory, 'program.mjs')
  writeFileSync(program, PROGRAM)
  printed = []
  deaths = []
  workers = new WorkerProcess({
    program,
    config: CONFIG,
    onPrint: (line) => printed.push(line),
    onFault: () => undefined,
    onSave: () => undefined,
    onDeath: (how) => deaths.push(how),
  })
})

afterEach(async () => {
  await workers.stop()
  rmSync(directory, { recursive: true })
})

function told(...destinations: WorkerDestination[]): string {
  return JSON.stringify({ kind: 'destinations', destinations })
}

function hasPrinted(count: number): Promise<void> {
  return until(() => printed.length >= count)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the process', () => {
  it('is told whom to work for, and all of it again after its death', async () => {
    workers.open([DESTINATION])
    await hasPrinted(3)
    expect(printed).toEqual([OPENED, told(), told(DESTINATION)])
    const { pid } = workers
    signal(pid!, 'SIGKILL')
    await hasPrinted(5)
    expect(printed.slice(3)).toEqual([OPENED, told(DESTINATION)])
    expect([deaths, workers.pid === pid]).toEqual([['SIGKILL'], false])
  })

  it('ends when it is stopped, and is not started again', async () => {
    await hasPrinted(2)
    const { pid } = workers
    await workers.stop()
    expect([isAlive(pid!), deaths, workers.pid]).toEqual([false, [], pid])
  })
})

function ask(it: string) {
  return workers.ask({ id: 'dst_1', type: 'console', settings: { it } }, { kind: 'test' })
}

const WORKS = { value: null }
const DIED = { failure: { reason: 'worker_died' } }

describe('a question', () => {
  it('is answered, or refused with a reason', async () => {
    expect(await ask('works')).toEqual(WORKS)
    expect(await ask('fails')).toEqual({ failure: { reason: 'a', message: 'b' } })
  })

  it('fails where the process dies over it, at once while there is none, and goes on with the next', async () => {
    expect(await ask('dies')).toMatchObject(DIED)
    expect(await ask('works')).toMatchObject(DIED)
    await eventually(async () => expect(await ask('works')).toEqual(WORKS))
    expect(deaths).toEqual(['exit code 3'])
  })

  it('is refused while a hundred others wait for their answers', async () => {
    const waiting = Array.from({ length: 100 }, () => ask('waits'))
    expect(await ask('works')).toMatchObject({ failure: { reason: 'busy' } })
    await workers.stop()
    for (const one of waiting) expect(await one).toMatchObject(DIED)
  })
})
