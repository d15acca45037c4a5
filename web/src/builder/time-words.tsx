/** When events count: relative to now, to the event around them, or in the current visit. */
import { NOW_DEFAULTS } from './model/starts.ts'
import type { Stream } from '../../../src/language/tree.ts'
import { partsOf, withReach, withVisit, withWindow } from './model/streams.ts'
import { isWaiting, withWaiting } from './model/waiting.ts'
import { DurationSlot } from './duration-slot.tsx'
import { Choices } from '../parts/choices.tsx'
import { Slot } from './slot.tsx'

export interface TimeWordsProps {
  readonly stream: Stream
  readonly onChange: (stream: Stream) => void
}

const WINDOWS = [
  { id: 'within', text: 'within the last' },
  { id: 'between', text: 'in between' },
  { id: 'visit', text: 'in the current visit' },
  { id: 'any', text: 'at any time' },
] as const

const REACHES = [
  { id: 'within', text: 'within' },
  { id: 'between', text: 'in between' },
  { id: 'any', text: 'at any time after it' },
] as const

/** The window of an event of the first level. */
export function WindowWords({ stream, onChange }: TimeWordsProps) {
  const { window, expiresAfter } = partsOf(stream)
  const waits = isWaiting(stream)
  const kind = expiresAfter ? 'visit' : window === undefined ? 'any' : waits ? 'within' : window.kind
  const choose = (id: string): void => {
    const plain = withVisit(stream, undefined)
    if (id === 'any') onChange(withWindow(plain, undefined))
    else if (id === 'visit') onChange(withVisit(withWindow(stream, undefined), NOW_DEFAULTS.visit))
    else if (waits && id === 'within') onChange(stream)
    else onChange(withWindow(plain, id === 'within' ? NOW_DEFAULTS.within : NOW_DEFAULTS.between))
  }
  return (
    <>
      <Slot label="When" text={WINDOWS.find(({ id }) => id === kind)!.text}>
        {(close) => (
          <Choices
            label="When"
            placeholder="When"
            choices={WINDOWS}
            onTake={(id) => {
              choose(id)
              close()
            }}
          />
        )}
      </Slot>{' '}
      {expiresAfter && (
        <>
          (until{' '}
          <DurationSlot
            label="Until"
            duration={expiresAfter.duration}
            onChange={(duration) => {
              onChange(withVisit(stream, { kind: 'expires_after', duration }))
            }}
          />{' '}
          after its last event)
        </>
      )}
      {window?.kind === 'within' && (
        <DurationSlot
          label="How long"
          duration={window.duration}
          onChange={(duration) => {
            onChange(withWindow(stream, { ...window, duration }))
          }}
        />
      )}
      {window?.kind === 'between' && !waits && (
        <DurationSlot
          label="From"
          duration={window.from}
          onChange={(from) => {
            onChange(withWindow(stream, { ...window, from }))
          }}
        />
      )}
      {window?.kind === 'between' && (
        <>
          {!waits && ' and '}
          <DurationSlot
            label={waits ? 'How long' : 'To'}
            duration={window.to}
            onChange={(to) => {
              onChange(withWindow(stream, { ...window, to }))
            }}
          />
          {!waits && ' ago'}
        </>
      )}
    </>
  )
}

/** The reach of a child, from the event around it. */
export function ReachWords({ stream, onChange }: TimeWordsProps) {
  const { reach } = partsOf(stream)
  const choose = (id: string): void => {
    if (id === 'any') onChange(withReach(stream, undefined))
    else onChange(withReach(stream, id === 'within' ? NOW_DEFAULTS.reach : NOW_DEFAULTS.reachBetween))
  }
  return (
    <>
      <Slot label="When" text={REACHES.find(({ id }) => id === (reach?.kind ?? 'any'))!.text}>
        {(close) => (
          <Choices
            label="When"
            placeholder="When"
            choices={REACHES}
            onTake={(id) => {
              choose(id)
              close()
            }}
          />
        )}
      </Slot>{' '}
      {reach?.kind === 'within' && (
        <>
          <DurationSlot
            label="How long"
            duration={reach.duration}
            onChange={(duration) => {
              onChange(withReach(stream, { ...reach, duration }))
            }}
          />{' '}
          of it
        </>
      )}
      {reach?.kind === 'between' && (
        <>
          <DurationSlot
            label="From"
            duration={reach.from}
            onChange={(from) => {
              onChange(withReach(stream, { ...reach, from }))
            }}
          />{' '}
          and{' '}
          <DurationSlot
            label="To"
            duration={reach.to}
            onChange={(to) => {
              onChange(withReach(stream, { ...reach, to }))
            }}
          />{' '}
          after it
        </>
      )}
    </>
  )
}

/** Says that a parent waits for a child that must not come, and lets it not wait. */
export function WaitingHint({ stream, onChange, awaitedText }: TimeWordsProps & { readonly awaitedText: string }) {
  const waits = isWaiting(stream)
  return (
    <p className="hint">
      {waits ? `Waits until ${awaitedText} is over.` : 'Holds at once, until it happens.'}{' '}
      <button
        type="button"
        className="link"
        onClick={() => {
          onChange(withWaiting(stream, !waits))
        }}
      >
        {waits ? 'Don’t wait' : `Wait until ${awaitedText} is over`}
      </button>
    </p>
  )
}
