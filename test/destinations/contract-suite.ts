/**
 * The contract of destinations (destinations/contract/destination.ts) as checks, which any type must pass. Each type
 * brings a receiver of its own, which can be in trouble.
 */
import { createHook } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  DeliveryError,
  type Destination,
  type DestinationContext,
  type DestinationType,
} from '../../destinations/contract/destination.ts'
import { secretsIn } from '../../destinations/contract/masking.ts'
import { parseSettings } from '../../destinations/registry.ts'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import { group, identify, track } from './calls.ts'

/**
 * `unavailable`: it answers that it has no time, as by a 503; `unreachable`: nobody is there; `refusing`: it takes no
 * call, as by a 400; `picky`: it takes none of `REFUSED`; `silent`: it hears, and never answers.
 */
export const TROUBLES = ['unavailable', 'unreachable', 'refusing', 'picky', 'silent'] as const
export type Trouble = (typeof TROUBLES)[number]

/** The user whom a picky receiver refuses. */
export const REFUSED = 'refused-user'

/** A type with settings and a receiver. */
export interface ContractCase {
  readonly type: DestinationType
  /** As a user gives them, with a value for each secret. */
  readonly settings: JsonObject
  readonly context: DestinationContext
  /** All that the receiver has, in order; a call that it knows by its id, or by what it says, once. */
  readonly received: () => readonly string[]
  /** Resolves once the receiver is in this trouble. */
  readonly become: (trouble: Trouble) => Promise<void> | void
  /** Resolves when a silent receiver has heard something. */
  readonly heard: () => Promise<void>
  /** Ends the receiver and its connections, as far as it has any. */
  readonly end: () => Promise<void> | void
}

interface Check {
  readonly name: string
  /** Left out for types whose receiver cannot be in it. */
  readonly trouble?: Trouble
  readonly run: (tried: ContractCase) => Promise<void> | void
}

const EMAIL = 'person@example.com'
const USER = 'some-user-id'
const LANES_MAX = 64
const TURNS_MAX = 1_000

const entering = (user: string): DeliveryCall => track(user, { vips: true, email: EMAIL }, EMAIL)
const leaving = (user: string): DeliveryCall => track(user, { vips: false, email: EMAIL }, EMAIL)

/** One of each kind, for entering and leaving, with an id of its own. */
const CALLS: readonly DeliveryCall[] = [
  identify(USER, { vips: true, email: EMAIL }),
  entering(USER),
  identify(USER, { vips: false, email: EMAIL }),
  leaving(USER),
  group('some-group-id', { vips: true }),
  group('some-group-id', { vips: false }),
].map((call, nth) => ({ ...call, messageId: `personas_${nth}` }))

const { signal: never } = new AbortController()

function connect({ type, settings, context }: ContractCase): Destination {
  return type.connect(parseSettings(type, settings), context)
}

/** The failure of a call; undefined if it has arrived. Rejects with what is no DeliveryError. */
async function failureOf(delivery: Promise<unknown>): Promise<DeliveryError | undefined> {
  try {
    await delivery
    return undefined
  } catch (error) {
    if (error instanceof DeliveryError) return error
    throw error
  }
}

/** Delivers a call; that a type has no use for it is no failure. */
async function delivered(destination: Destination, call: DeliveryCall): Promise<DeliveryError | undefined> {
  const failure = await failureOf(destination.deliver(call, never))
  return failure?.kind === 'skipped' ? undefined : failure
}

function takes({ type, settings }: ContractCase, call: DeliveryCall): boolean {
  return type.takes?.(settings)[call.type] ?? true
}

/** Texts within a value. */
function textsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

function expectDiscreet({ type, settings }: ContractCase, { message, reason }: DeliveryError): void {
  expect(reason).toMatch(/^[a-z][a-z0-9_]*$/)
  expect(message).not.toBe('')
  for (const hidden of [USER, EMAIL, ...textsIn(secretsIn(settings, type.secrets))])
    expect(message.includes(hidden), 'a message names a person or a secret').toBe(false)
}

/** Expects a failure of one call, and of several at once where they go together. */
async function expectFailure(tried: ContractCase, kind: DeliveryError['kind']): Promise<void> {
  const destination = connect(tried)
  const failures = [await failureOf(destination.deliver(entering(USER), never))]
  if (destination.deliverBatch) {
    const batch = destination.deliverBatch([entering(USER), entering('another')], never)
    // A batch that fails whole may reject.
    failures.push(...(await batch.catch((error: unknown) => [error as DeliveryError])))
  }
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(DeliveryError)
    expect(failure!.kind).toBe(kind)
    expectDiscreet(tried, failure!)
  }
  await destination.close?.()
}

/** Timers and sockets, as the hooks see them: each says if it keeps the process alive. */
interface Handle {
  readonly hasRef?: () => boolean
}

/** Returns a function that lists, by kind, what was opened since and keeps the process alive. */
function watchHandles(): () => string[] {
  const opened = new Map<number, { readonly kind: string; readonly handle: Handle }>()
  const hook = createHook({
    // An immediate is over with its turn, and a promise holds nothing open.
    init: (id, kind, _, handle: Handle) => {
      if (kind !== 'Immediate' && handle.hasRef) opened.set(id, { kind, handle })
    },
    destroy: (id) => void opened.delete(id),
  }).enable()
  onTestFinished(() => void hook.disable())
  return () => [...opened.values()].filter(({ handle }) => handle.hasRef?.() === true).map(({ kind }) => kind)
}

export const CHECKS: readonly Check[] = [
  {
    name: 'has a slug of letters, digits and hyphens, a name and a description',
    run: ({ type }) => {
      expect(type.slug).toMatch(/^[a-z][a-z0-9-]{1,63}$/)
      expect(type.name).toMatch(/^\S(.{0,62}\S)?$/)
      expect(type.description).toMatch(/^[A-Z].*\.$/)
    },
  },
  {
    name: 'takes its settings, and refuses another by its name, never by its value',
    run: ({ type, settings }) => {
      expect(parseSettings(type, settings)).toMatchObject(settings)
      const parse = () => parseSettings(type, { ...settings, anotherSetting: 'its-value' })
      expect(parse).toThrow(EngineError)
      expect(parse).toThrow('settings.anotherSetting: ')
      expect(parse).not.toThrow('its-value')
    },
  },
  {
    name: 'has secrets and hosts that are settings of its own',
    run: ({ type, settings }) => {
      const known = Object.keys(settings)
      expect(type.secrets.filter((name) => !known.includes(name))).toEqual([])
      for (const name of type.hosts ?? []) expect(settings[name]).toBeTypeOf('string')
      for (const name of [...type.secrets, ...(type.hosts ?? [])])
        expect(() => parseSettings(type, { ...settings, [name]: Infinity })).toThrow(`settings.${name}`)
    },
  },
  {
    name: 'has limits that can be kept',
    run: ({ type, settings }) => {
      const { batchCalls, requestsPerSecond = 1, timeoutMs, gatherMs } = type.limits(parseSettings(type, settings))
      for (const count of [batchCalls, timeoutMs, type.lanes ?? 1]) {
        expect(Number.isInteger(count)).toBe(true)
        expect(count).toBeGreaterThan(0)
      }
      expect(type.lanes ?? 1).toBeLessThanOrEqual(LANES_MAX)
      expect(batchCalls).toBeLessThanOrEqual(10_000)
      expect(timeoutMs).toBeLessThanOrEqual(300_000)
      expect(requestsPerSecond).toBeGreaterThan(0)
      expect(gatherMs).toBeGreaterThanOrEqual(0)
      expect(gatherMs).toBeLessThanOrEqual(86_400_000)
    },
  },
  {
    name: 'delivers each kind of call that it takes, for entering and leaving, and skips others at most',
    run: async (tried) => {
      const destination = connect(tried)
      let isTold = false
      for (const call of CALLS) {
        const failure = await failureOf(destination.deliver(call, never))
        const expected = takes(tried, call) ? [undefined] : [undefined, 'skipped']
        expect(expected, `${call.type}: ${failure?.message ?? ''}`).toContain(failure?.kind)
        // Of a list, nobody is left in the end.
        isTold ||= tried.received().length > 0
      }
      await destination.close?.()
      expect(isTold).toBe(true)
    },
  },
  {
    name: 'may deliver a call twice, and the receiver has it once',
    run: async (tried) => {
      const destination = connect(tried)
      expect(await delivered(destination, entering(USER))).toBeUndefined()
      const once = tried.received()
      expect(once).toHaveLength(1)
      expect(await delivered(destination, entering(USER))).toBeUndefined()
      expect(tried.received()).toEqual(once)
      await destination.close?.()
    },
  },
  {
    name: 'answers a batch call by call, in order',
    run: async (tried) => {
      const destination = connect(tried)
      const { batchCalls } = tried.type.limits(parseSettings(tried.type, tried.settings))
      // Without one, calls go one by one.
      if (!destination.deliverBatch) return
      expect(batchCalls).toBeGreaterThan(2)
      const users = ['user-c', 'user-a', 'user-b']
      expect(await destination.deliverBatch(users.map(entering), never)).toEqual(users.map(() => undefined))
      const found = tried.received().map((text) => users.find((user) => text.includes(user)))
      expect(found).toEqual(users)
      await destination.close?.()
    },
  },
  {
    name: 'answers a batch of which one is refused with the failure in its place',
    trouble: 'picky',
    run: async (tried) => {
      const destination = connect(tried)
      await tried.become('picky')
      const failures = await destination.deliverBatch!(['user-a', REFUSED, 'user-b'].map(entering), never)
      expect(failures.map((failure) => failure?.kind)).toEqual([undefined, 'terminal', undefined])
      await destination.close?.()
    },
  },
  {
    name: 'tests its settings without a person',
    run: async (tried) => {
      const destination = connect(tried)
      await destination.testConnection?.(never)
      await destination.close?.()
      const told = tried.received().join('\n')
      expect(told).not.toMatch(/"(userId|anonymousId|groupId|email)"|@|personas/)
    },
  },
  {
    name: 'fails for now while the receiver has no time',
    trouble: 'unavailable',
    run: async (tried) => {
      await tried.become('unavailable')
      await expectFailure(tried, 'retryable')
      expect(await failureOf(connect(tried).testConnection!(never))).toMatchObject({ kind: 'retryable' })
    },
  },
  {
    name: 'fails for now while nobody is there',
    trouble: 'unreachable',
    run: async (tried) => {
      await tried.become('unreachable')
      await expectFailure(tried, 'retryable')
      expect(await failureOf(connect(tried).testConnection!(never))).toMatchObject({ kind: 'retryable' })
    },
  },
  {
    name: 'fails for good if the receiver refuses',
    trouble: 'refusing',
    run: async (tried) => {
      await tried.become('refusing')
      await expectFailure(tried, 'terminal')
      expect(await failureOf(connect(tried).testConnection!(never))).toMatchObject({ kind: 'terminal' })
    },
  },
  {
    name: 'ends at once when its signal is aborted, and begins nothing afterwards',
    trouble: 'silent',
    run: async (tried) => {
      await tried.become('silent')
      const destination = connect(tried)
      const controller = new AbortController()
      const failure = failureOf(destination.deliver(entering(USER), controller.signal))
      await tried.heard()
      controller.abort()
      expect(await failure).toMatchObject({ kind: 'retryable', reason: 'timeout' })
      expectDiscreet(tried, (await failure)!)
      const held = tried.received().length
      const late = await failureOf(destination.deliver(entering('another'), controller.signal))
      expect(late).toMatchObject({ kind: 'retryable' })
      expect(tried.received()).toHaveLength(held)
      await destination.close?.()
    },
  },
  {
    name: 'leaves nothing open once it is closed',
    run: async (tried) => {
      const left = watchHandles()
      const destination = connect(tried)
      expect(await delivered(destination, entering(USER))).toBeUndefined()
      await destination.close?.()
      await tried.end()
      // Sockets are gone some turns after their other end.
      for (let turns = 0; turns < TURNS_MAX && left().length > 0; turns++) await turn()
      expect(left()).toEqual([])
    },
  },
]

/**
 * Runs the checks over a type.
 * @param make makes a case anew, for each check
 * @param troubles those that the receiver can be in
 */
export function contractSuite(
  name: string,
  make: () => Promise<ContractCase> | ContractCase,
  troubles: readonly Trouble[] = TROUBLES,
): void {
  describe(`the contract: ${name}`, () => {
    const checks = CHECKS.filter(({ trouble }) => trouble === undefined || troubles.includes(trouble))
    for (const { name: check, run } of checks) it(check, async () => run(await make()))
  })
}
