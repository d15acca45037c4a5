/** The contract's suite over the types that need no service beside them, and over the template. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { consoleDestination } from '../../destinations/console/console.ts'
import { csvListDestination } from '../../destinations/csv-list/csv-list.ts'
import { type Destination, type DestinationType, TerminalError } from '../../destinations/contract/destination.ts'
import { webhookDestination } from '../../destinations/webhook/webhook.ts'
import { chatDestination } from '../../docs/sample/destination/chat.ts'
import { group } from './calls.ts'
import { contextWith } from './context.ts'
import { httpReceiver } from './contract-receiver.ts'
import { CHECKS, type ContractCase, contractSuite } from './contract-suite.ts'

const chat: DestinationType = chatDestination

contractSuite('webhook', async () => {
  const { url, ...receiver } = await httpReceiver('webhook-id')
  const settings = {
    url,
    sharedSecret: 'a-shared-secret',
    headers: { 'X-Key': 'a-key-of-the-receiver' },
    batchSize: 10,
  }
  return { ...receiver, type: webhookDestination, settings }
})

contractSuite('the template', async () => templateCase(), ['unavailable', 'unreachable', 'refusing', 'silent'])

contractSuite(
  'csv',
  () => {
    const root = mkdtempSync(join(tmpdir(), 'contract-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    const directory = join(root, 'list')
    const file = join(directory, 'vips.csv')
    return {
      type: csvListDestination,
      settings: { everySeconds: 5 },
      context: contextWith({ directory }),
      received: () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\r\n').slice(1) : []),
      // No folder can be made where a file is.
      become: () => writeFileSync(directory, ''),
      heard: () => Promise.resolve(),
      end: () => undefined,
    }
  },
  ['unreachable'],
)

contractSuite(
  'console',
  () => {
    const lines = new Set<string>()
    return {
      type: consoleDestination,
      settings: {},
      context: contextWith({ print: (line) => void lines.add(line) }),
      received: () => [...lines],
      become: () => undefined,
      heard: () => Promise.resolve(),
      end: () => undefined,
    }
  },
  [],
)

async function templateCase(): Promise<ContractCase> {
  const { url, ...receiver } = await httpReceiver('idempotency-key')
  return { ...receiver, type: chat, settings: { url, greeting: 'Hear, hear!' } }
}

/** The template, with a fault in its type or in what it connects. */
function faulty(type: Partial<DestinationType>, connected: (sound: Destination) => Partial<Destination> = () => ({})) {
  return {
    ...chat,
    ...type,
    connect: (settings: object, context: ContractCase['context']): Destination => {
      const sound = chat.connect(settings, context)
      return {
        deliver: (call, signal) => sound.deliver(call, signal),
        testConnection: (signal) => sound.testConnection!(signal),
        ...connected(sound),
      }
    },
  }
}

/** Fails for good, with a message, where a delivery fails. */
async function rejected(delivery: Promise<void>, message: string): Promise<void> {
  await delivery.catch(() => {
    throw new TerminalError('refused', message)
  })
}

let sent = 0

describe('the suite fires', () => {
  it.each<[string, string, DestinationType]>([
    ['a slug with capitals', 'has a slug', faulty({ slug: 'Chat' })],
    ['a secret that is no setting', 'has secrets', faulty({ secrets: ['password'] })],
    [
      'settings that are not strict',
      'takes its settings',
      faulty({ settings: z.object({ url: z.string(), greeting: z.string() }) }),
    ],
    ['a batch of none', 'has limits', faulty({ limits: () => ({ batchCalls: 0, timeoutMs: 1, gatherMs: 0 }) })],
    [
      'calls that it takes and skips',
      'delivers each kind',
      faulty({ takes: () => ({ identify: true, track: true, group: true, computedTraits: true }) }),
    ],
    [
      'another id on each try',
      'may deliver a call twice',
      faulty({}, (sound) => ({
        deliver: (call, signal) => sound.deliver({ ...call, messageId: `another_${sent++}` }, signal),
      })),
    ],
    [
      'a batch with too few answers',
      'answers a batch call by call',
      faulty({ limits: () => ({ batchCalls: 3, timeoutMs: 1, gatherMs: 0 }) }, (sound) => ({
        deliverBatch: async (calls, signal) => {
          for (const call of calls) await sound.deliver(call, signal)
          return []
        },
      })),
    ],
    [
      'a test that names a person',
      'tests its settings without',
      faulty({}, (sound) => ({
        testConnection: (signal) => sound.deliver(group('person@example.com', { vips: true }), signal),
      })),
    ],
    [
      'no time as a failure for good',
      'fails for now while the receiver',
      faulty({}, (sound) => ({ deliver: (call, signal) => rejected(sound.deliver(call, signal), 'refused') })),
    ],
    [
      'a failure that names the user',
      'fails for good',
      faulty({}, (sound) => ({
        deliver: (call, signal) => rejected(sound.deliver(call, signal), `no user ${String(call.userId)}`),
      })),
    ],
    [
      'a signal as a failure for good',
      'ends at once',
      faulty({}, (sound) => ({ deliver: (call, signal) => rejected(sound.deliver(call, signal), 'aborted') })),
    ],
    [
      'a timer that it leaves',
      'leaves nothing open',
      faulty({}, (sound) => ({
        deliver: (call, signal) => {
          const timer = setInterval(() => undefined, 60_000)
          onTestFinished(() => clearInterval(timer))
          return sound.deliver(call, signal)
        },
      })),
    ],
  ])('on %s', async (_, begin, type) => {
    const { run } = CHECKS.find(({ name }) => name.startsWith(begin))!
    const tried = await templateCase()
    await run(tried)
    await expect((async () => run({ ...(await templateCase()), type }))()).rejects.toThrow()
  })
})
