/**
 * Streams of events as the parts of a sentence, and the same stream with another part: "Order Completed where price is
 * at least 100, within the last 7 days". Conditions and computed traits are made of the same sentences.
 *
 * S1. A stream is drawn if each kind of filter stands once at most; any other is written as text in its place.
 */
import type { Condition, Filter, Stream } from '../../../../src/language/tree.ts'

type Windowed = Extract<Filter, { kind: 'within' | 'between' }>

/** The parts of a sentence about events. */
export interface StreamParts {
  readonly event: string
  /** Conditions of the `where`, joined by "and". */
  readonly items: readonly Condition[]
  /** Relative to now. */
  readonly window: Windowed | undefined
  /** Relative to the event around it. */
  readonly reach: Windowed | undefined
  /** Ids of sources that are left out. */
  readonly excluded: readonly string[]
  /** The end of a visit. */
  readonly expiresAfter: Extract<Filter, { kind: 'expires_after' }> | undefined
}

type FilterRole = 'where' | 'window' | 'reach' | 'sources' | 'expires_after'

function roleOf(filter: Filter): FilterRole {
  if (filter.kind === 'within' || filter.kind === 'between') return filter.parent ? 'reach' : 'window'
  return filter.kind
}

/** True if a stream can be drawn as a sentence. Keeps S1. */
export function isDrawn({ filters }: Stream): boolean {
  return new Set(filters.map(roleOf)).size === filters.length
}

/** Returns the parts of a stream that is drawn. */
export function partsOf({ event, filters }: Stream): StreamParts {
  const of = (role: FilterRole): Filter | undefined => filters.find((filter) => roleOf(filter) === role)
  const where = of('where') as Extract<Filter, { kind: 'where' }> | undefined
  const sources = of('sources') as Extract<Filter, { kind: 'sources' }> | undefined
  return {
    event,
    items: where === undefined ? [] : where.condition.kind === 'and' ? where.condition.operands : [where.condition],
    window: of('window') as Windowed | undefined,
    reach: of('reach') as Windowed | undefined,
    excluded: sources?.exclude ?? [],
    expiresAfter: of('expires_after') as StreamParts['expiresAfter'],
  }
}

/** Returns the stream of other events. */
export function withEvent(stream: Stream, event: string): Stream {
  return { ...stream, event }
}

/** Returns the stream with other conditions of its `where`; none takes it away. */
export function withItems(stream: Stream, items: readonly Condition[]): Stream {
  const flat = items.flatMap((item) => (item.kind === 'and' ? item.operands : [item]))
  const condition: Condition | undefined = flat.length > 1 ? { kind: 'and', operands: flat } : flat[0]
  return withFilter(stream, 'where', condition && { kind: 'where', condition })
}

/** Returns the stream with another window, relative to now; undefined: at any time. */
export function withWindow(stream: Stream, window: Windowed | undefined): Stream {
  return withFilter(stream, 'window', window)
}

/** Returns the stream with another reach, relative to the event around it; undefined: at any time after it. */
export function withReach(stream: Stream, reach: Windowed | undefined): Stream {
  return withFilter(stream, 'reach', reach)
}

/** Returns the stream of the current visit alone; undefined: of all events. */
export function withVisit(stream: Stream, expiresAfter: StreamParts['expiresAfter']): Stream {
  return withFilter(stream, 'expires_after', expiresAfter)
}

/** Returns the stream without the events of some sources. */
export function withoutSources(stream: Stream, exclude: readonly string[]): Stream {
  return withFilter(stream, 'sources', exclude.length === 0 ? undefined : { kind: 'sources', exclude })
}

/** A filter takes the place of the one of its role; a new `where` is the first, any other the last. */
function withFilter(stream: Stream, role: FilterRole, filter: Filter | undefined): Stream {
  const { filters } = stream
  const index = filters.findIndex((old) => roleOf(old) === role)
  const others = filters.filter((_, place) => place !== index)
  const at = index >= 0 ? index : role === 'where' ? 0 : others.length
  return { ...stream, filters: filter ? [...others.slice(0, at), filter, ...others.slice(at)] : others }
}
