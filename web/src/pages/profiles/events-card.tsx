/** The events of a profile that are kept, the newest first: a list of any length, each of which opens to what it has. */
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { ChevronRight, Eye, Zap } from 'lucide-react'
import { useCallback, useLayoutEffect, useRef, useState } from 'react'
import { count, valueText } from '../../parts/format.ts'
import { ProfileLink } from '../../parts/profile-link.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { EventAnswer } from './answers.ts'
import { moment, momentMs } from './instants.ts'
import { summaryOf } from './names.ts'
import { type Shown, useEvents, useRecentEvents } from './profile-queries.ts'

const ROW_PX = 35
const OVERSCAN = 10
const VIEWS = ['Page Viewed', 'Screen Viewed']

export function EventsCard({ shown }: { readonly shown: Shown }) {
  const [name, setName] = useState('')
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useEvents(shown, name)
  const { data: recent } = useRecentEvents(shown)
  const events = data?.pages.flatMap((page) => page.data)
  const names = [...new Set([...(recent?.data ?? []), ...(events ?? [])].map(({ event }) => event))]
    // The request lists names between commas.
    .filter((each) => !each.includes(','))
    .sort()
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  return (
    <section className="card evs" aria-label="Events">
      <div className="hd">
        <h2>Events</h2>
        {events && <span className="dim">{`${count(events.length)}${hasNextPage ? ' and more' : ''}`}</span>}
        <span className="grow" />
        <label className="event-filter">
          <span className="vh">Events of this name</span>
          <select
            className="field"
            value={name}
            onChange={({ target }) => {
              setName(target.value)
            }}
          >
            <option value="">All events</option>
            {names.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      </div>
      {events && events.length > 0 && <EventList key={name} events={events} onEnd={onEnd} />}
      {events?.length === 0 && <Empty title="No event is kept." />}
      {!events && (error ? <Failed error={error} again={() => void refetch()} /> : <Loading rows={4} />)}
    </section>
  )
}

interface EventListProps {
  readonly events: readonly EventAnswer[]
  readonly onEnd: () => void
}

function EventList({ events, onEnd }: EventListProps) {
  const list = useRef<HTMLUListElement>(null)
  const [margin, setMargin] = useState(0)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  // The cards above grow and shrink, so that this list moves with every change of the page.
  useLayoutEffect(() => {
    const measure = (): void => {
      if (list.current) setMargin(Math.round(list.current.getBoundingClientRect().top + scrollY))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => {
      observer.disconnect()
    }
  }, [])
  const virtualizer = useWindowVirtualizer({
    count: events.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: margin,
  })
  const items = virtualizer.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  useLayoutEffect(() => {
    if (last >= events.length - OVERSCAN) onEnd()
  }, [last, events.length, onEnd])
  const toggle = (key: string): void => {
    const next = new Set(open)
    if (!next.delete(key)) next.add(key)
    setOpen(next)
  }
  return (
    <ul className="event-list" ref={list} style={{ height: virtualizer.getTotalSize() }}>
      {items.map(({ index, start }) => {
        const event = events[index]!
        const key = `${event.timestamp} ${event.message_id ?? ''} ${event.event} ${index}`
        return (
          <li
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            aria-setsize={events.length}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${start - margin}px)` }}
          >
            <EventRow
              event={event}
              isOpen={open.has(key)}
              onToggle={() => {
                toggle(key)
              }}
            />
          </li>
        )
      })}
    </ul>
  )
}

interface EventRowProps {
  readonly event: EventAnswer
  readonly isOpen: boolean
  readonly onToggle: () => void
}

function EventRow({ event, isOpen, onToggle }: EventRowProps) {
  const Icon = VIEWS.includes(event.event) ? Eye : Zap
  return (
    <>
      <button className="event-row" type="button" aria-expanded={isOpen} onClick={onToggle}>
        <time dateTime={event.timestamp}>{moment(event.timestamp)}</time>
        <Icon className="i s dim" aria-hidden="true" />
        <span className="trunc">
          <b className="b">{event.event}</b> <span className="mut">{summaryOf(event.properties)}</span>
        </span>
        <span className="dim trunc hide-s">{event.source_id}</span>
        <ChevronRight className="i s dim" aria-hidden="true" />
      </button>
      {isOpen && <EventDetails event={event} />}
    </>
  )
}

function EventDetails({ event }: { readonly event: EventAnswer }) {
  const { properties, context, external_ids: ids = [], related } = event
  return (
    <dl className="event-details">
      <Detail name="at" value={momentMs(event.timestamp)} />
      {Object.entries(properties).map(([key, value]) => (
        <Detail key={`property ${key}`} name={key} value={valueText(value)} />
      ))}
      {Object.keys(context).length > 0 && <Detail name="context" value={JSON.stringify(context, undefined, 1)} />}
      {ids.map(({ type, id }) => (
        <Detail key={`${type}:${id}`} name={type} value={id} />
      ))}
      <Detail name="source" value={event.source_id} />
      {event.message_id !== null && <Detail name="messageId" value={event.message_id} />}
      {related?.users !== undefined && (
        <div>
          <dt>user</dt>
          <dd>
            <ProfileLink id={related.users}>{related.users}</ProfileLink>
          </dd>
        </div>
      )}
    </dl>
  )
}

function Detail({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
