/** The ids of a profile, each with the source and the day that brought it. */
import { count, day } from '../../parts/format.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import { type Shown, useIds } from './profile-queries.ts'

export function IdsCard({ shown }: { readonly shown: Shown }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useIds(shown)
  const ids = data?.pages.flatMap((page) => page.data)
  return (
    <section className="card" aria-label="Ids">
      <div className="hd">
        <h2>Ids</h2>
        <span className="grow" />
        {ids && <span className="dim">{`${count(ids.length)}${hasNextPage ? ' and more' : ''}`}</span>}
      </div>
      {ids ? (
        <ul className="ids">
          {ids.map(({ type, id, source_id: sourceId, created_at: createdAt }) => (
            <li key={`${type}:${id}`}>
              <span className="dim">{type}</span>
              <span className={type === 'email' ? '' : 'mono'}>{id}</span>
              <small className="dim">{originOf(sourceId, createdAt)}</small>
            </li>
          ))}
        </ul>
      ) : error ? (
        <Failed error={error} again={() => void refetch()} />
      ) : (
        <Loading rows={2} />
      )}
      {hasNextPage && (
        <button
          className="btn quiet more"
          type="button"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          More ids
        </button>
      )}
    </section>
  )
}

function originOf(sourceId: string | null, createdAt: string | null): string {
  if (sourceId === null && createdAt === null) return 'where from is not known'
  const source = sourceId === null ? '' : `from ${sourceId}`
  return [source, createdAt === null ? '' : `on ${day(createdAt)}`].filter(Boolean).join(' ')
}
