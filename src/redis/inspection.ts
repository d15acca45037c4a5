/** Checks if a Redis that somebody else runs can hold a journal, and which of its settings are not safe. */
import type { Redis } from 'ioredis'
import { createRedis } from './client.ts'
import { clusterMapOf } from './key-connection.ts'

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

/** Rejects if Redis cannot be reached. @param replicas so many are to have what is durable */
export async function inspectRedis(address: string, replicas = 0): Promise<Inspection> {
  const map = clusterMapOf(address)
  if (!map) return inspectOne(address, replicas, '')
  const shards = await map.shards()
  const found = await Promise.all(
    shards.map(async ({ master }): Promise<Inspection> => {
      const { host } = new URL(master)
      // The others serve meanwhile, and a replica may take its place.
      return inspectOne(master, replicas, `${host}: `).catch((cause: unknown) => ({
        faults: [],
        warnings: [`${host} cannot be reached: ${cause instanceof Error ? cause.message : 'no answer'}`],
      }))
    }),
  )
  const warnings = found.flatMap((one) => one.warnings)
  if (replicas === 0)
    warnings.push('JOURNAL_REPLICAS is 0: when a master fails, calls acknowledged in the last moment may be lost')
  return { faults: found.flatMap(({ faults }) => faults), warnings }
}

async function inspectOne(address: string, replicas: number, at: string): Promise<Inspection> {
  const redis = createRedis(address)
  const faults: string[] = []
  const warnings: string[] = []
  try {
    await redis.connect()
    const version = /redis_version:(\d+)\.(\d+)\S*/.exec(await redis.info('server'))
    const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
    if (version && (major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1])))
      faults.push(`${at}Redis ${major}.${minor} is older than ${VERSION_MIN.join('.')}`)
    for (const [name, expected, otherwise] of SETTINGS) {
      const found = await settingOf((command) => redis.config('GET', command), name)
      if (found === undefined) warnings.push(`${at}cannot look at ${name}; expected ${expected}, or else ${otherwise}`)
      else if (found !== expected) warnings.push(`${at}${name} is ${found}, expected ${expected}: ${otherwise}`)
    }
    if (replicas > 0) warnings.push(...(await lackOfReplicas(redis, replicas)).map((warning) => at + warning))
  } finally {
    redis.disconnect()
  }
  return { faults, warnings }
}

/** A master that has lost one replica must still have enough: a replica that took its place has lost that one. */
async function lackOfReplicas(redis: Redis, replicas: number): Promise<string[]> {
  const found = Number(/connected_slaves:(\d+)/.exec(await redis.info('replication'))?.[1] ?? 0)
  if (found > replicas) return []
  const harm = found < replicas ? 'nothing can be acknowledged' : 'nothing can be acknowledged once one is lost'
  return [`JOURNAL_REPLICAS is ${replicas}, and ${found} are connected, expected ${replicas + 1}: ${harm}`]
}

/** Returns undefined if the setting may not be read, as with hosted ones. */
async function settingOf(get: (name: string) => Promise<unknown>, name: string): Promise<string | undefined> {
  const answer = await get(name).catch(() => undefined)
  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined
}
