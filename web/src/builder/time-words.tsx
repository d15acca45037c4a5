/** When events count: relative to now, to the event around them, or in the current visit. */
import { NOW_DEFAULTS } from './model/starts.ts'
import { type EventComparison, partsOf, withReach, withVisit, withWindow } from './model/sentences.ts'
import { isWaiting, withWaiting } from './model/waiting.ts'
import { DurationSlot } from './duration-slot.tsx'
import { Choices, Slot } from './slot.tsx'

export interface TimeWordsProps {
  readonly comparison: EventComparison
  readonly onChange: (comparison: EventComparison) => void
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
export function WindowWords({ comparison, onChange }: TimeWordsProps) {
  const { window, expiresAfter } = partsOf(comparison)
  const waits = isWaiting(comparison)
  const kind = expiresAfter ? 'visit' : window === undefined ? 'any' : waits ? 'within' : window.kind
  const choose = (id: string): void => {
    const plain = withVisit(comparison, undefined)
    if (id === 'any') onChange(withWindow(plain, undefined))
    else if (id === 'visit') onChange(withVisit(withWindow(comparison, undefined), NOW_DEFAULTS.visit))
    else if (waits && id === 'within') onChange(comparison)
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
              onChange(withVisit(comparison, { kind: 'expires_after', duration }))
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
            onChange(withWindow(comparison, { ...window, duration }))
          }}
        />
      )}
      {window?.kind === 'between' && !waits && (
        <DurationSlot
          label="From"
          duration={window.from}
          onChange={(from) => {
            onChange(withWindow(comparison, { ...window, from }))
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
              onChange(withWindow(comparison, { ...window, to }))
            }}
          />
          {!waits && ' ago'}
        </>
      )}
    </>
  )
}

/** The reach of a child, from the event around it. */
export function ReachWords({ comparison, onChange }: TimeWordsProps) {
  const { reach } = partsOf(comparison)
  const choose = (id: string): void => {
    if (id === 'any') onChange(withReach(comparison, undefined))
    else onChange(withReach(comparison, id === 'within' ? NOW_DEFAULTS.reach : NOW_DEFAULTS.reachBetween))
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
              onChange(withReach(comparison, { ...reach, duration }))
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
              onChange(withReach(comparison, { ...reach, from }))
            }}
          />{' '}
          and{' '}
          <DurationSlot
            label="To"
            duration={reach.to}
            onChange={(to) => {
              onChange(withReach(comparison, { ...reach, to }))
            }}
          />{' '}
          after it
        </>
      )}
    </>
  )
}

/** Says that a parent waits for a child that must not come, and lets it not wait. */
export function WaitingHint({ comparison, onChange, awaitedText }: TimeWordsProps & { readonly awaitedText: string }) {
  const waits = isWaiting(comparison)
  return (
    <p className="hint">
      {waits ? `Waits until ${awaitedText} is over.` : 'Holds at once, until it happens.'}{' '}
      <button
        type="button"
        className="link"
        onClick={() => {
          onChange(withWaiting(comparison, !waits))
        }}
      >
        {waits ? 'Don’t wait' : `Wait until ${awaitedText} is over`}
      </button>
    </p>
  )
}
