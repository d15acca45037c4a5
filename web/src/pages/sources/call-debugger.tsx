/** The calls of a source as they come, accepted or rejected, each to be opened as JSON. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ChevronRight, Pause, Play } from 'lucide-react'
import { useRef, useState } from 'react'
import { clockMs } from '../../parts/format.ts'
import { Segmented } from '../../parts/segmented.tsx'
import { type SeenCall, type SeenCalls, useCalls } from './use-calls.ts'

type Shown = 'all' | 'accepted' | 'rejected'

const CHOICES = [
  { id: 'all', text: 'All' },
  { id: 'accepted', text: 'Accepted' },
  { id: 'rejected', text: 'Rejected' },
] as const
const ROW_HEIGHT = 34
const WORDS = { connecting: 'Connecting…', listening: 'Listening', broken: 'Not connected; trying again' } as const

export interface CallDebuggerProps {
  readonly sourceId: string
  /** A key of it is taken. */
  readonly hasKey: boolean
}

export function CallDebugger({ sourceId, hasKey }: CallDebuggerProps) {
  const [isPaused, pause] = useState(false)
  const [shown, show] = useState<Shown>('all')
  const [filter, setFilter] = useState('')
  const { state, calls, clear } = useCalls(sourceId, isPaused)
  const found = calls.filter((seen) => isShown(seen, shown) && isFound(seen, filter))
  return (
    <section className="card part" aria-labelledby="calls">
      <div className="hd">
        <h2 id="calls">Calls as they come</h2>
        {calls.length > 0 && <ListeningState state={state} isPaused={isPaused} />}
        <span className="grow" />
        {calls.length > 0 && (
          <button className="btn sm quiet" type="button" onClick={clear}>
            Clear
          </button>
        )}
        <button
          className="btn sm"
          type="button"
          onClick={() => {
            pause(!isPaused)
          }}
        >
          {isPaused ? <Play className="i s" aria-hidden="true" /> : <Pause className="i s" aria-hidden="true" />}
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </div>
      {calls.length === 0 ? (
        <div className="listening">
          <p className={isPaused || state === 'broken' ? 'st off' : 'st run'}>
            {isPaused ? 'Paused: no call was seen' : state === 'broken' ? WORDS.broken : 'Listening: no call yet'}
          </p>
          {hasKey && <p className="mut">Send one as it is written above: it stands here at once.</p>}
        </div>
      ) : (
        <>
          <div className="tools call-tools">
            <Segmented label="Calls" choices={CHOICES} value={shown} onChange={show} />
            <input
              className="field"
              type="search"
              aria-label="Filter calls"
              placeholder="Filter: an event, a type, any text of the call"
              value={filter}
              onChange={({ target }) => {
                setFilter(target.value)
              }}
            />
          </div>
          <CallList calls={found} />
          {found.length === 0 && <p className="mut pad">None of these calls fits the filter.</p>}
        </>
      )}
      <p className="dim pad">At most 20 calls of a second are shown. They stay in this page, and are gone with it.</p>
    </section>
  )
}

function ListeningState({ state, isPaused }: { readonly state: SeenCalls['state']; readonly isPaused: boolean }) {
  if (isPaused) return <span className="st off">Paused</span>
  return <span className={state === 'listening' ? 'st' : 'st off'}>{WORDS[state]}</span>
}

function isShown({ rejected }: SeenCall, shown: Shown): boolean {
  return shown === 'all' || (shown === 'rejected') === (rejected !== undefined)
}

function isFound({ call, rejected }: SeenCall, filter: string): boolean {
  const sought = filter.trim().toLowerCase()
  return sought === '' || JSON.stringify([call, rejected]).toLowerCase().includes(sought)
}

function CallList({ calls }: { readonly calls: readonly SeenCall[] }) {
  const box = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set())
  const virtualizer = useVirtualizer({
    count: calls.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => calls[index]!.number,
    overscan: 8,
  })
  const toggle = (number: number): void => {
    const next = new Set(open)
    if (!next.delete(number)) next.add(number)
    setOpen(next)
  }
  return (
    <div className="calls-box" ref={box} tabIndex={0} role="group" aria-label="Calls">
      <div className="calls-all" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => (
          <div
            key={key}
            className="call-at"
            data-index={index}
            ref={virtualizer.measureElement}
            style={{ transform: `translateY(${start}px)` }}
          >
            <Call
              seen={calls[index]!}
              isOpen={open.has(calls[index]!.number)}
              onToggle={() => {
                toggle(calls[index]!.number)
              }}
            />
          </div>
        ))}
      </div>
    </div>
  )
}

interface CallProps {
  readonly seen: SeenCall
  readonly isOpen: boolean
  readonly onToggle: () => void
}

function Call({ seen: { at, call, rejected }, isOpen, onToggle }: CallProps) {
  return (
    <>
      <button className="call" type="button" aria-expanded={isOpen} onClick={onToggle}>
        <ChevronRight className={isOpen ? 'i s turned' : 'i s'} aria-hidden="true" />
        <time className="dim">{clockMs(at)}</time>
        <span className={rejected ? 'chip bad' : 'chip ok'}>{rejected ? 'rejected' : 'accepted'}</span>
        <span className="trunc">
          <b>{nameOf(call)}</b> <span className="dim">{rejected ? rejected.message : textOf(call['type'])}</span>
        </span>
      </button>
      {isOpen && (
        <pre className="code scrolls" tabIndex={0} aria-label="The call as JSON">
          {JSON.stringify(rejected ? { rejected, call } : call, null, 2)}
        </pre>
      )}
    </>
  )
}

/** The event of a track call, the page of a page call, or else the type. */
function nameOf({ event, name, type }: Readonly<Record<string, unknown>>): string {
  const found = [event, name, type].find((one) => typeof one === 'string' && one !== '')
  return typeof found === 'string' ? found : 'a call without a type'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
