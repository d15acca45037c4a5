/** The first way to begin: a shop that moves, in a space of its own. */
import { Play } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { share } from '../../parts/format.ts'
import { Failed } from '../../parts/states.tsx'
import { Tally } from '../../parts/tally.tsx'
import { useDemonstration, useGoToSpace, useOpenDemonstration } from './demonstration.ts'
import { EXAMPLE } from './example.ts'

export function ShopOption() {
  const { data, error, refetch } = useDemonstration()
  const open = useOpenDemonstration()
  const go = useGoToSpace()
  const isWaiting = useRef(false)
  const spaceId = data?.spaceId
  const isLive = data?.status === 'live'
  useEffect(() => {
    if (!isLive || spaceId === undefined || !isWaiting.current) return
    isWaiting.current = false
    void go(spaceId)
  }, [isLive, spaceId, go])
  const begin = (): void => {
    isWaiting.current = true
    open.mutate()
  }
  const failure = open.error ?? error
  return (
    <section className="card opt" aria-labelledby="shop-option">
      <h3 id="shop-option">A demonstration shop</h3>
      <p>
        5,000 invented people who look, add to carts and order while you watch, in a space of its own. Nothing leaves
        this server. You can remove it with one click.
      </p>
      <div className="shop-tally">
        <Tally
          strokes={EXAMPLE}
          from={0}
          to={1}
          width={520}
          height={84}
          label="An example: people who enter and leave, one stroke for each"
        />
      </div>
      {failure && <Failed error={failure} again={() => (open.error ? begin() : void refetch())} />}
      <div className="row btm">
        {data?.status === 'filling' ? (
          <Filling done={data.share ?? 0} />
        ) : isLive && spaceId !== undefined ? (
          <button className="btn pri lg" type="button" onClick={() => void go(spaceId)}>
            Go to the shop
          </button>
        ) : (
          <>
            <button className="btn pri lg" type="button" disabled={open.isPending} onClick={begin}>
              <Play className="i s" aria-hidden="true" />
              Open the shop
            </button>
            <span className="dim">ready in less than a minute</span>
          </>
        )}
      </div>
    </section>
  )
}

/** The share of the past that has come in. */
function Filling({ done }: { readonly done: number }) {
  return (
    <div className="filling" role="status">
      <div
        className="meter"
        role="progressbar"
        aria-label="The past of the shop"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(done * 100)}
      >
        <i style={{ width: share(done) }} />
      </div>
      <span>
        <b>Day {Math.min(90, Math.floor(done * 90) + 1)}</b> of 90 is coming in. The shop opens at the last one.
      </span>
    </div>
  )
}
