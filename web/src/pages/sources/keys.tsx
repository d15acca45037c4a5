/** The write keys of a source, and a new one in their place. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { answeredData, api } from '../../api/client.ts'
import { useMay, useSpaceId } from '../../api/session.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { dayAndClock } from '../../parts/format.ts'
import type { SourceAnswer } from './answers.ts'
import { useSourceChanged } from './queries.ts'

const OVERLAPS = [
  { seconds: 86_400, text: 'for a day' },
  { seconds: 7 * 86_400, text: 'for a week' },
  { seconds: 30 * 86_400, text: 'for 30 days' },
  { seconds: 3_600, text: 'for an hour' },
  { seconds: 0, text: 'no longer' },
] as const

export function Keys({ source }: { readonly source: SourceAnswer }) {
  const mayChange = useMay('admin')
  return (
    <section className="card" aria-labelledby="keys">
      <div className="hd">
        <h2 id="keys">Write keys</h2>
      </div>
      {source.writeKeys.length === 0 && <p className="mut pad">No key is taken: make a new one.</p>}
      <ul>
        {source.writeKeys.map(({ key, expiresAt }) => (
          <li className="key" key={key}>
            <div className="grow">
              <div className="mono trunc">{key}</div>
              {expiresAt !== undefined && <div className="dim">taken until {dayAndClock(expiresAt)}</div>}
            </div>
            <CopyButton isIcon text={key} label="Copy the key" />
          </li>
        ))}
      </ul>
      {mayChange && <Rotation id={source.id} />}
    </section>
  )
}

function Rotation({ id }: { readonly id: string }) {
  const spaceId = useSpaceId()
  const changed = useSourceChanged()
  const [overlapSeconds, setOverlap] = useState<number>(OVERLAPS[0].seconds)
  const rotate = useMutation({
    mutationFn: () => {
      const params = { path: { spaceId, id } }
      return answeredData<unknown>(
        api.POST('/spaces/{spaceId}/sources/{id}/rotate-key', { params, body: { overlapSeconds } }),
      )
    },
    onSuccess: changed,
  })
  return (
    <div className="rotation">
      <label className="row">
        Older keys are taken
        <select
          className="field auto"
          value={overlapSeconds}
          onChange={({ target }) => {
            setOverlap(Number(target.value))
          }}
        >
          {OVERLAPS.map(({ seconds, text }) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <button
        className="btn"
        type="button"
        disabled={rotate.isPending}
        onClick={() => {
          rotate.mutate()
        }}
      >
        Make a new key
      </button>
      <p className="problem" role="alert">
        {rotate.error?.message}
      </p>
    </div>
  )
}
