import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ProcessRunner } from '../../../destinations/catalogue/host/process-runner.ts'
import type { ConfiguredDefinition, DefinitionQuestion } from '../../../destinations/contract/definition-runner.ts'
import { DeliveryError } from '../../../destinations/contract/destination.ts'
import type { JsonObject, JsonValue } from '../../../src/model/json.ts'

/** Speaks the protocol, and does as the folder of a definition says. */
const PROGRAM = `
let residentBytes = 1
let count = 0
const held = []
process.on('message', ({ kind, id, definition, question }) => {
  if (kind === 'ping') process.send({ kind: 'pong', residentBytes })
  if (kind === 'abort') process.send({ kind: 'answer', id: held[0].id, value: 'aborted ' + id })
  if (kind !== 'ask') return
  count++
  const answer = (value) => process.send({ kind: 'answer', id, value })
  switch (definition.folder) {
    case 'pid': return answer(process.pid)
    case 'environment': return answer({ names: Object.keys(process.env), arguments: process.argv.slice(2) })
    case 'held': return void held.push({ id, question })
    case 'first': return count === 1 && answer(question.kind + process.pid)
    case 'throws': return process.exit(1)
    case 'blocks': for (;;);
    case 'grows': residentBytes = 2 ** 30; return answer(process.pid)
    case 'fails': return process.send({ kind: 'failure', id, failure: { kind: 'retryable', reason: 'status_429', message: 'm', retryAfterMs: 7 } })
    case 'renews':
      process.send({ kind: 'tokens', id, tokens: { accessToken: 'new' } })
      return answer(null)
  }
})
process.once('disconnect', () => process.exit(0))
`

const QUESTION: DefinitionQuestion = { kind: 'test' }
const signal = new AbortController().signal
const MINUTE = 60_000

let runner: ProcessRunner
let due: Set<() => void>
let now: number
let deaths: string[]

beforeEach(() => {
  const program = join(mkdtempSync(join(tmpdir(), 'rollcall-definitions-')), 'program.mjs')
  writeFileSync(program, PROGRAM)
  due = new Set()
  now = 0
  deaths = []
  runner = new ProcessRunner({
    program,
    config: { allowPrivate: true, requestTimeoutMs: 1_000 },
    clock: () => now,
    timer: (callback) => {
      due.add(callback)
      return () => due.delete(callback)
    },
    onDeath: (destinationId) => deaths.push(destinationId),
  })
})

afterEach(() => runner.close())

/** Lets so many seconds pass for the timers. */
function pass(seconds: number): void {
  for (let second = 0; second < seconds; second++)
    for (const callback of [...due]) {
      due.delete(callback)
      callback()
    }
}

function ask(folder: string, destinationId = folder, rest: Partial<ConfiguredDefinition> = {}): Promise<JsonValue> {
  return runner.ask({ destinationId, folder, settings: {}, ...rest }, QUESTION, { signal })
}

async function failureOf(asking: Promise<unknown>): Promise<string> {
  const error: unknown = await asking.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  return error instanceof DeliveryError ? `${error.kind} ${error.reason}` : String(error)
}

describe('a definition that is asked', () => {
  it('runs in the process of all the others', async () => {
    const [first, second] = await Promise.all([ask('pid', 'dst_1'), ask('pid', 'dst_2')])
    expect(first).toBe(second)
    expect(first).not.toBe(process.pid)
  })

  it('finds nothing of our environment', async () => {
    expect(await ask('environment')).toEqual({ names: [], arguments: ['run-definitions'] })
  })

  it('finds its partner secrets, in a process of its own', async () => {
    const { names } = (await ask('environment', 'dst_1', { environment: { PARTNER_KEY: 'k' } })) as { names: string[] }
    expect(names).toEqual(['PARTNER_KEY'])
    expect(await ask('environment')).toMatchObject({ names: [] })
  })

  it('fails as it says', async () => {
    const failing = ask('fails')
    await expect(failing).rejects.toMatchObject({ kind: 'retryable', reason: 'status_429', retryAfterMs: 7 })
  })

  it('hands on the tokens that it has renewed', async () => {
    const renewed: JsonObject[] = []
    const definition = { destinationId: 'dst_1', folder: 'renews', settings: {} }
    await runner.ask(definition, QUESTION, { signal, onTokens: (tokens) => renewed.push(tokens as JsonObject) })
    expect(renewed).toEqual([{ accessToken: 'new' }])
  })

  it('is not waited for once the signal is aborted', async () => {
    const controller = new AbortController()
    const definition = { destinationId: 'dst_1', folder: 'held', settings: {} }
    const waiting = ask('held')
    const given = runner.ask(definition, QUESTION, { signal: controller.signal })
    controller.abort()
    expect(await failureOf(given)).toBe('retryable timeout')
    // The process was told, and that it goes on shows that only one was given up.
    expect(await waiting).toBe('aborted 2')
  })
})

describe('a definition that ends its process', () => {
  it('fails alone: the others are asked again', async () => {
    const pid = (await ask('pid')) as number
    // Answered by a process that was asked nothing before.
    const others = [ask('first', 'dst_1'), ask('first', 'dst_2')]
    expect(await failureOf(ask('throws', 'dst_bad'))).toBe('retryable process_ended')
    expect(deaths).toEqual(['dst_bad'])
    const answers = await Promise.all(others)
    expect(answers).toEqual([expect.stringMatching(/^test\d+$/), expect.stringMatching(/^test\d+$/)])
    expect(new Set([...answers, `test${pid}`]).size).toBe(3)
  })

  it('runs by itself for ten minutes, and then with the others again', async () => {
    expect(await failureOf(ask('throws', 'dst_bad'))).toBe('retryable process_ended')
    const common = await ask('pid', 'dst_1')
    expect(await ask('pid', 'dst_bad')).not.toBe(common)
    expect(await failureOf(ask('throws', 'dst_bad'))).toBe('retryable process_ended')
    expect(await ask('pid', 'dst_1')).toBe(common)
    expect(deaths).toEqual(['dst_bad'])
    now = 10 * MINUTE
    expect(await ask('pid', 'dst_bad')).toBe(common)
  })

  it('is killed where it answers no ping for ten seconds', async () => {
    const blocked = ask('blocks', 'dst_bad')
    pass(11)
    expect(await failureOf(blocked)).toBe('retryable process_ended')
    expect(await ask('pid', 'dst_1')).toEqual(expect.any(Number))
  })
})

describe('the processes', () => {
  it('are replaced where one has grown too large, once it has answered', async () => {
    const large = await ask('grows')
    pass(1)
    // Its pong comes after what it is asked next.
    expect(await ask('pid')).toBe(large)
    expect(await ask('pid')).not.toBe(large)
  })

  it('are eight at most besides the common one: a ninth destination takes the place of one that is idle', async () => {
    const environment = { SECRET: 's' }
    const pids: JsonValue[] = []
    for (let nth = 0; nth < 8; nth++) pids.push(await ask('pid', `dst_${nth}`, { environment }))
    expect(new Set(pids).size).toBe(8)
    expect(pids).not.toContain(await ask('pid', 'dst_8', { environment }))
    expect(await ask('pid', 'dst_7', { environment })).toBe(pids[7])
    expect(await ask('pid', 'dst_0', { environment })).not.toBe(pids[0])
  })

  it('are waited for where none is idle', async () => {
    const environment = { SECRET: 's' }
    const controllers = Array.from({ length: 8 }, () => new AbortController())
    const busy = controllers.map((controller, nth) =>
      runner.ask({ destinationId: `dst_${nth}`, folder: 'held', settings: {}, environment }, QUESTION, controller),
    )
    const ended = Promise.allSettled(busy)
    const late = ask('pid', 'dst_8', { environment })
    controllers[3]!.abort()
    expect(await failureOf(busy[3]!)).toBe('retryable timeout')
    expect(await late).toEqual(expect.any(Number))
    runner.close()
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true)
  })

  it('are not started any more once the runner is closed', async () => {
    const waiting = ask('held')
    runner.close()
    expect(await failureOf(waiting)).toBe('retryable process_ended')
    expect(await failureOf(ask('pid'))).toBe('retryable closed')
  })
})
