/** Checks if a Redis that somebody else runs can hold a journal, and which of its settings are not safe. */
import { createRedis } from './client.ts'

export interface Inspection {
  /** Reasons why it cannot hold a journal. */
  readonly faults: readonly string[]
  /** Settings that may lose acknowledged calls, or cannot be looked at. */
  readonly warnings: readonly string[]
}

/** Settings, the value that each must have, and the harm of another. */
const SETTINGS: readonly (readonly [name: string, expected: string, otherwise: string])[] = [
  ['maxmemory-policy', 'noeviction', 'entries of the journal may be evicted'],
  ['appendonly', 'yes', 'acknowledged calls are lost when Redis ends'],
  ['appendfsync', 'always', 'calls acknowledged in the last seconds are lost when Redis is killed'],
]
const VERSION_MIN: readonly [number, number] = [6, 2]

/** Rejects if Redis cannot be reached. */
export async function inspectRedis(address: string): Promise<Inspection> {
  const redis = createRedis(address)
  const faults: string[] = []
  const warnings: string[] = []
  try {
    await redis.connect()
    const version = /redis_version:(\d+)\.(\d+)\S*/.exec(await redis.info('server'))
    const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
    if (version && (major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1])))
      faults.push(`Redis ${major}.${minor} is older than ${VERSION_MIN.join('.')}`)
    for (const [name, expected, otherwise] of SETTINGS) {
      const found = await settingOf((command) => redis.config('GET', command), name)
      if (found === undefined) warnings.push(`cannot look at ${name}; expected ${expected}, or else ${otherwise}`)
      else if (found !== expected) warnings.push(`${name} is ${found}, expected ${expected}: ${otherwise}`)
    }
  } finally {
    redis.disconnect()
  }
  return { faults, warnings }
}

/** Returns undefined if the setting may not be read, as with hosted ones. */
async function settingOf(get: (name: string) => Promise<unknown>, name: string): Promise<string | undefined> {
  const answer = await get(name).catch(() => undefined)
  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined
}
