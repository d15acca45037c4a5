/**
 * A peer: anything else that can answer who is in which audience. It takes calls in, and is refreshed now and then;
 * only its answers as of the last refresh count.
 */
import { createHash } from 'node:crypto'
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { KEYS } from '../engine/definitions.ts'
import type { Change } from '../harness/subject.ts'

export interface Peer {
  /** Takes calls in, in their order. A call that repeats a `messageId` must not count. */
  take(entries: readonly CallsEntry<RawCall>[]): void | Promise<void>
  /** Returns the earliest instant at which a refresh would find something to do, as far as the peer knows. */
  nextWork(): number
  /** Brings all answers up to date as of the instant, ends of windows included. It is never before the last call. */
  refresh(now: number): void | Promise<void>
  /** Reads the answers of the last refresh. */
  answers(): Answers | Promise<Answers>
  close(): void | Promise<void>
}

/** Value by key of the definition and profile, without those that are false or absent. */
export type Answers = ReadonlyMap<string, ReadonlyMap<string, JsonValue>>

export type MutableAnswers = Map<string, Map<string, JsonValue>>

/** Number of profiles and digest of what is answered, by key. */
export type AnswersDigest = Readonly<Record<string, string>>

/** Answers as of an instant, epoch ms. */
export interface DatedDigest {
  readonly at: number
  readonly digest: AnswersDigest
}

/** Answers in which nobody has a value yet. */
export function noAnswers(): MutableAnswers {
  return new Map(KEYS.map((key) => [key, new Map<string, JsonValue>()]))
}

export function applyChange(answers: MutableAnswers, { key, profile, type, value }: Change): void {
  const holds = type === 'trait' ? value : type === 'entered'
  if (holds === undefined || holds === null || holds === false) answers.get(key)!.delete(profile)
  else answers.get(key)!.set(profile, holds)
}

export function digestOf(answers: Answers): AnswersDigest {
  const digests = KEYS.map((key) => {
    const values = answers.get(key)!
    const hash = createHash('sha256')
    for (const profile of [...values.keys()].sort()) hash.update(`${profile} ${JSON.stringify(values.get(profile))}\n`)
    return [key, `${values.size} profiles, digest ${hash.digest('hex').slice(0, 16)}`]
  })
  return Object.fromEntries(digests) as AnswersDigest
}

/** Throws if two give different answers. */
export function assertSameDigest(name: string, { at, digest }: DatedDigest, expected: AnswersDigest): void {
  for (const key of KEYS)
    if (digest[key] !== expected[key])
      throw new Error(`${name}: ${key} at ${at} has ${digest[key]}, and the engine has ${expected[key]}`)
}
