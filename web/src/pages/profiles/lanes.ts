/**
 * Lanes of audiences: for each that a profile is in, or was in during a span of time, when it was in.
 *
 * Transitions are kept for the last few changes only. An entry that is not kept is known by the trait of the audience,
 * whose last change it was; before an exit without an entry, nothing is drawn, as nothing is known.
 */
import type { PastTransition, TraitAnswer } from './answers.ts'

/** A time of being in; its ends are epoch ms. */
export interface Stretch {
  readonly from: number
  readonly to: number
  /** False if it began before what is drawn. */
  readonly isEntered: boolean
  /** False if it has not ended. */
  readonly isLeft: boolean
}

export interface Lane {
  readonly key: string
  /** `aud_…` */
  readonly audienceId: string
  readonly isIn: boolean
  /** When it was last entered or left, epoch ms; undefined if it has never been. */
  readonly changedAt: number | undefined
  readonly stretches: readonly Stretch[]
}

export interface Span {
  /** Epoch ms. */
  readonly from: number
  readonly now: number
}

/** Lists the lanes of a span: first what the profile is in, then what it has left, each the newest first. */
export function lanesOf(
  traits: Readonly<Record<string, TraitAnswer>>,
  past: readonly PastTransition[],
  span: Span,
): Lane[] {
  const lanes = Object.entries(traits).flatMap(([key, { value, source_id: audienceId, updated_at: updatedAt }]) => {
    if (!audienceId.startsWith('aud_')) return []
    const changedAt = updatedAt === undefined ? undefined : Date.parse(updatedAt)
    const isIn = value === true
    if (!isIn && (changedAt === undefined || changedAt < span.from)) return []
    const own = past.filter((transition) => transition.key === key)
    return [{ key, audienceId, isIn, changedAt, stretches: stretchesOf({ own, isIn, changedAt, span }) }]
  })
  return lanes.sort(
    (one, other) => Number(other.isIn) - Number(one.isIn) || (other.changedAt ?? 0) - (one.changedAt ?? 0),
  )
}

interface Known {
  /** Transitions of the audience, the newest first. */
  readonly own: readonly PastTransition[]
  readonly isIn: boolean
  readonly changedAt: number | undefined
  readonly span: Span
}

function stretchesOf({ own, isIn, changedAt, span: { from, now } }: Known): Stretch[] {
  const stretches: Stretch[] = []
  let enteredAt: number | undefined
  for (const { at, type } of [...own].reverse()) {
    const instant = Date.parse(at)
    if (type === 'entered') enteredAt = instant
    else if (type === 'exited') {
      stretches.push({ from: enteredAt ?? instant, to: instant, isEntered: enteredAt !== undefined, isLeft: true })
      enteredAt = undefined
    }
  }
  const since = enteredAt ?? changedAt
  if (isIn) stretches.push({ from: since ?? from, to: now, isEntered: since !== undefined, isLeft: false })
  else if (own.length === 0 && changedAt !== undefined)
    stretches.push({ from: changedAt, to: changedAt, isEntered: false, isLeft: true })
  return stretches
    .filter(({ to }) => to >= from)
    .map((stretch) => ({
      ...stretch,
      from: Math.max(from, stretch.from),
      isEntered: stretch.isEntered && stretch.from >= from,
    }))
}
