/**
 * Keeps a file for each audience, `<audience_key>.csv`, of its present members: a record for each identity that calls
 * have addressed. Nothing is held back here: changes are gathered before they come.
 */
import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import { DeliveryError, TerminalError, type Destination, type DestinationType } from '../contract/destination.ts'
import { changeOf, type Change } from './change.ts'
import { MemberFile, onDisk } from './member-file.ts'

const CsvListSettings = z.strictObject({
  everySeconds: z.int().min(1).max(86_400).default(60).describe('How long changes are gathered for one write.'),
})
type CsvListSettings = z.output<typeof CsvListSettings>

const BATCH_CALLS = 10_000
const WRITE_TIMEOUT_MS = 60_000
/** The longest key that is a file's name as it is: with its ending, file systems allow 255. */
const KEY_LENGTH_MAX = 200

export const csvListDestination: DestinationType<CsvListSettings> = {
  slug: 'csv',
  name: 'CSV list',
  kind: 'list',
  description: 'Keeps a file for each audience, of those who are in it.',
  settings: CsvListSettings,
  secrets: [],
  limits: ({ everySeconds }) => ({
    batchCalls: BATCH_CALLS,
    timeoutMs: WRITE_TIMEOUT_MS,
    gatherMs: everySeconds * 1_000,
  }),
  connect: (_, { directory }) => new CsvList(directory),
}

class CsvList implements Destination {
  readonly #directory: string
  readonly #files = new Map<string, MemberFile>()

  constructor(directory: string) {
    this.#directory = directory
  }

  async deliver(call: DeliveryCall, signal: AbortSignal): Promise<void> {
    const [failure] = await this.deliverBatch([call], signal)
    if (failure) throw failure
  }

  /** Writes once for each audience. Calls whose file cannot be written have failed; the others have arrived. */
  async deliverBatch(calls: readonly DeliveryCall[], signal: AbortSignal): Promise<(DeliveryError | undefined)[]> {
    const changes = calls.map((call) => changeOf(call))
    const failures = await this.#apply(
      changes.filter((change): change is Change => !(change instanceof TerminalError)),
      signal,
    )
    return changes.map((change) => (change instanceof TerminalError ? change : failures.get(change.audienceKey)))
  }

  async createAudience({ key }: { readonly key: string }, signal: AbortSignal): Promise<string> {
    const name = fileName(key)
    await this.#file(name).apply([], signal)
    return name
  }

  async testConnection(): Promise<void> {
    const probe = join(this.#directory, '.connection-test')
    await onDisk(async () => {
      await mkdir(this.#directory, { recursive: true })
      await writeFile(probe, '')
      await rm(probe)
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.settled()))
  }

  /** Resolves with the errors, by audience. */
  async #apply(changes: readonly Change[], signal: AbortSignal): Promise<Map<string, DeliveryError>> {
    const failures = new Map<string, DeliveryError>()
    for (const [key, ofAudience] of byAudience(changes)) {
      try {
        await this.#file(fileName(key)).apply(ofAudience, signal)
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error
        failures.set(key, error)
      }
    }
    return failures
  }

  #file(name: string): MemberFile {
    const file = this.#files.get(name) ?? new MemberFile(join(this.#directory, name))
    this.#files.set(name, file)
    return file
  }
}

function byAudience(changes: readonly Change[]): Map<string, Change[]> {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const group = groups.get(change.audienceKey)
    if (group) group.push(change)
    else groups.set(change.audienceKey, [change])
  }
  return groups
}

/** A hyphen is in no key, so no shortened name is the name of another. */
function fileName(key: string): string {
  if (!/^\w{1,255}$/.test(key)) throw new TerminalError('invalid_key', 'The key of the audience cannot name a file.')
  if (key.length <= KEY_LENGTH_MAX) return `${key}.csv`
  return `${key.slice(0, KEY_LENGTH_MAX)}-${createHash('sha256').update(key).digest('hex').slice(0, 16)}.csv`
}
