/** The last calls of a source that were refused, with how many by each reason. Nothing of a person is in them. */
import { useState } from 'react'
import { count, dayAndClock } from '../../parts/format.ts'
import { type Column, Rows } from '../../parts/rows.tsx'
import { Failed } from '../../parts/states.tsx'
import type { RejectionAnswer } from './answers.ts'
import { useRejections } from './queries.ts'

const COLUMNS: readonly Column<RejectionAnswer>[] = [
  { title: 'When', width: '160px', isExtra: true, cell: ({ at }) => <time className="dim">{dayAndClock(at)}</time> },
  {
    title: 'Call',
    width: 'minmax(0,1fr)',
    cell: ({ type, event }) => <div className="trunc b">{event ?? type ?? 'unread'}</div>,
  },
  { title: 'Why', width: 'minmax(0,2fr)', cell: ({ message }) => <div className="trunc">{message}</div> },
  {
    title: 'Message id',
    width: '200px',
    isExtra: true,
    cell: ({ messageId }) => <div className="dim mono trunc">{messageId}</div>,
  },
]

export function Rejections({ sourceId }: { readonly sourceId: string }) {
  const { data, error, refetch } = useRejections(sourceId)
  const [code, choose] = useState<string>()
  if (error) return <Failed error={error} again={() => void refetch()} />
  if (!data) return null
  const counts = Object.entries(data.counts).sort(([, a], [, b]) => b - a)
  const numbered = data.rejections.map((rejection, index) => ({
    ...rejection,
    key: String(data.rejections.length - index),
  }))
  const shown = numbered.filter((one) => code === undefined || one.code === code)
  return (
    <section className="part" aria-labelledby="rejections">
      <div className="tools">
        <h2 id="rejections">Rejected since the server has run</h2>
        {counts.length === 0 && <span className="dim">none</span>}
        {counts.map(([one, number]) => (
          <button
            key={one}
            className={code === one ? 'chip acc' : 'chip line'}
            type="button"
            aria-pressed={code === one}
            onClick={() => {
              choose(code === one ? undefined : one)
            }}
          >
            {one.replaceAll('_', ' ')} {count(number)}
          </button>
        ))}
      </div>
      {shown.length > 0 && (
        <Rows label="Rejected calls" rows={shown} keyOf={({ key }) => key} columns={COLUMNS} height={34} />
      )}
    </section>
  )
}
