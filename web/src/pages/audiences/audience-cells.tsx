/** The cells of an audience's row. */
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import type { AudienceAnswer } from '../../api/answers.ts'
import { count, share, signed } from '../../parts/format.ts'
import { Tally } from '../../parts/tally.tsx'
import type { Moves } from './moves.ts'
import { type ConnectedTo, useSizes } from './queries.ts'
import { sentenceOf } from '../../words/sentence.ts'

const DAY_MS = 86_400_000
const HALF_HOUR_MS = 1_800_000
/** A row that is scrolled past is not asked for. */
const ASKED_AFTER_MS = 150

interface NameCellProps {
  readonly audience: AudienceAnswer
  /** Names of audiences by their keys. */
  readonly names: ReadonlyMap<string, string>
}

export function NameCell({ audience: { id, name, audienceType, definition }, names }: NameCellProps) {
  const sentence = useMemo(
    () => sentenceOf(definition.query, 'audience', audienceType, (key) => names.get(key)),
    [definition.query, audienceType, names],
  )
  return (
    <>
      <div className="row">
        <Link
          className="nm trunc"
          to="/audiences/$audienceId"
          params={{ audienceId: id }}
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation()
          }}
        >
          {name}
        </Link>
        {audienceType === 'ACCOUNTS' && <span className="chip line">Accounts</span>}
      </div>
      <div className="say" title={sentence}>
        {sentence}
      </div>
    </>
  )
}

interface SizeCellProps {
  readonly audience: AudienceAnswer
  readonly moves: Moves
}

export function SizeCell({ audience: { size }, moves }: SizeCellProps) {
  if (!size) return <span className="dim">—</span>
  return <span className="big">{count(size.count + moves.entered - moves.left)}</span>
}

export function TallyCell({ audience: { id, status, progress } }: { readonly audience: AudienceAnswer }) {
  const isSeen = useIsSeen()
  const { data } = useSizes(id, 'hour', isSeen && status === 'Live')
  if (progress)
    return (
      <div className="meter" role="img" aria-label={`${share(progress.share)} computed`}>
        <i style={{ width: `${progress.share * 100}%` }} />
      </div>
    )
  if (status === 'Disabled') return <span className="dim">—</span>
  const strokes = (data ?? []).map(({ at, entered, left }) => ({ at: Date.parse(at) + HALF_HOUR_MS, entered, left }))
  const entered = strokes.reduce((sum, stroke) => sum + stroke.entered, 0)
  const left = strokes.reduce((sum, stroke) => sum + stroke.left, 0)
  const to = strokes.at(-1)?.at ?? 0
  return (
    <Tally
      strokes={strokes}
      from={to - DAY_MS}
      to={to + HALF_HOUR_MS}
      width={176}
      height={36}
      label={`In 24 hours ${count(entered)} entered, ${count(left)} left`}
    />
  )
}

/** True once the component has been shown for a moment. */
export function useIsSeen(): boolean {
  const [isSeen, see] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => {
      see(true)
    }, ASKED_AFTER_MS)
    return () => {
      clearTimeout(timer)
    }
  }, [])
  return isSeen
}

export function NetCell({ audience, moves }: SizeCellProps) {
  const { entered24h, left24h } = audience
  if (entered24h === undefined || left24h === undefined) return null
  const net = entered24h - left24h + moves.entered - moves.left
  return <span className={net === 0 ? 'dim' : net > 0 ? 'net up' : 'net down'}>{signed(net)}</span>
}

interface StatusCellProps {
  readonly audience: Pick<AudienceAnswer, 'status' | 'progress'>
  readonly connected?: readonly ConnectedTo[]
}

export function StatusCell({ audience: { status, progress }, connected = [] }: StatusCellProps) {
  const failed = connected.reduce((sum, { failed: own }) => sum + own, 0)
  const held = connected.reduce((sum, { held: own }) => sum + own, 0)
  if (status === 'Disabled') return <span className="st off mut">Disabled</span>
  if (status === 'Failed') return <span className="st bad">Failed</span>
  if (status === 'Computing') return <span className="st run">Computing {share(progress?.share ?? 0)}</span>
  if (failed > 0)
    return (
      <span className="st bad">
        {count(failed)} {failed === 1 ? 'call' : 'calls'} failed
      </span>
    )
  if (held > 0) return <span className="st bad">{count(held)} wait for approval</span>
  return <span className="st">Live</span>
}

const LETTERS_MAX = 4

export function ConnectionsCell({ connected = [] }: { readonly connected?: readonly ConnectedTo[] }) {
  if (connected.length === 0) return <span className="dim">none</span>
  const more = connected.length - LETTERS_MAX
  return (
    <span className="letters">
      {connected.slice(0, LETTERS_MAX).map(({ destination: { id, name, status }, failed }) => (
        <span
          key={id}
          className={failed > 0 || status === 'Unreachable' ? 'dst bad' : 'dst'}
          role="img"
          aria-label={failed > 0 ? `${name}, ${count(failed)} failed` : name}
          title={name}
        >
          {name.slice(0, 1).toUpperCase()}
        </span>
      ))}
      {more > 0 && <span className="dim">+{count(more)}</span>}
    </span>
  )
}
