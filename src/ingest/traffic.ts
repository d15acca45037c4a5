/**
 * The traffic of a space's sources, for whoever debugs one: the last refused calls of each, and its calls as they come
 * for those who look. It is not state: it begins anew with the process.
 *
 * R1. Refused calls are bounded, and nothing of a person is kept of them.
 * R2. Calls are copied only while somebody looks, and no more than `SHOWN_MAX` a second.
 */
import { EngineError } from '../model/errors.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'
import type { RejectedCall } from '../model/read-request.ts'
import type { CallReader, Rejection, SourceTraffic } from '../model/source-traffic.ts'

const REJECTIONS_MAX = 1_000
const SHOWN_MAX = 20
const READERS_MAX = 20
const TEXT_MAX = 100

interface Source {
  readonly rejections: Rejection[]
  readonly counts: Map<string, number>
  readonly readers: Set<CallReader>
  /** The second that is shown, and how many calls were shown in it. */
  second: number
  shown: number
}

export class Traffic implements SourceTraffic {
  readonly #clock: () => number
  readonly #sources = new Map<string, Source>()
  #readers = 0

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** True while somebody looks at the calls of a source. */
  isFollowed(sourceId: string): boolean {
    return (this.#sources.get(sourceId)?.readers.size ?? 0) > 0
  }

  /** Takes up a request whose calls were read. @param root its body */
  came(sourceId: string, root: JsonObject, rejected: readonly RejectedCall[]): void {
    const source = this.#sources.get(sourceId)
    if (rejected.length === 0 && !this.isFollowed(sourceId)) return
    const calls = Array.isArray(root['batch']) ? root['batch'] : [root]
    const refused = new Map(rejected.map((one) => [one.index, one]))
    for (const one of rejected) this.#reject(sourceId, one, calls[one.index])
    if (source && source.readers.size > 0)
      for (const [index, call] of calls.entries()) this.#show(source, call, refused.get(index))
  }

  /** Takes up a request that was refused whole. */
  refused(sourceId: string, root: JsonObject, error: unknown): void {
    if (!(error instanceof EngineError) || error.status >= 429) return
    const { code, message } = error
    this.came(sourceId, Array.isArray(root['batch']) ? {} : root, [{ index: 0, code, message }])
  }

  rejectionsOf(sourceId: string): readonly Rejection[] {
    return this.#sources.get(sourceId)?.rejections ?? []
  }

  countsOf(sourceId: string): ReadonlyMap<string, number> {
    return this.#sources.get(sourceId)?.counts ?? new Map()
  }

  follow(sourceId: string, reader: CallReader): () => void {
    if (this.#readers >= READERS_MAX)
      throw new EngineError('rate_limit_error', `${READERS_MAX} look at calls already; try again later`)
    const { readers } = this.#sourceOf(sourceId)
    readers.add(reader)
    this.#readers++
    return () => {
      if (readers.delete(reader)) this.#readers--
    }
  }

  /** Ends all readers. */
  stop(): void {
    for (const { readers } of this.#sources.values()) for (const reader of readers) reader.end()
  }

  forget(sourceId: string): void {
    const source = this.#sources.get(sourceId)
    if (source && source.readers.size === 0) this.#sources.delete(sourceId)
    else if (source) source.rejections.length = 0
  }

  /** Keeps R1. */
  #reject(sourceId: string, { code, message }: RejectedCall, call: JsonValue | undefined): void {
    const { rejections, counts } = this.#sourceOf(sourceId)
    counts.set(code, (counts.get(code) ?? 0) + 1)
    rejections.push({ at: this.#clock(), code, message, ...namesOf(call) })
    if (rejections.length > REJECTIONS_MAX) rejections.shift()
  }

  /** Keeps R2. */
  #show(source: Source, call: JsonValue, refused: RejectedCall | undefined): void {
    const second = Math.floor(this.#clock() / 1_000)
    if (source.second !== second) [source.second, source.shown] = [second, 0]
    if (source.shown++ >= SHOWN_MAX) return
    const rejected = refused && { code: refused.code, message: refused.message }
    const data = JSON.stringify({ call, ...(rejected && { rejected }) })
    for (const reader of source.readers)
      if (!reader.isFull) reader.send({ event: refused ? 'rejected' : 'accepted', data })
  }

  #sourceOf(sourceId: string): Source {
    const known = this.#sources.get(sourceId)
    if (known) return known
    const source: Source = { rejections: [], counts: new Map(), readers: new Set(), second: 0, shown: 0 }
    this.#sources.set(sourceId, source)
    return source
  }
}

function namesOf(call: JsonValue | undefined): Pick<Rejection, 'type' | 'event' | 'messageId'> {
  if (typeof call !== 'object' || call === null || Array.isArray(call)) return {}
  const names = (['type', 'event', 'messageId'] as const).flatMap((name) => {
    const value = call[name]
    return typeof value === 'string' ? [[name, value.slice(0, TEXT_MAX)] as const] : []
  })
  return Object.fromEntries(names)
}
