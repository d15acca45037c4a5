/** The changes of the space, the newest first: when, by whom, and what became of what. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { answeredData, api } from '../../api/client.ts'
import { useSession, useSpaceId } from '../../api/session.ts'
import { count, dayAndClock } from '../../parts/format.ts'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import type { ChangeAnswer } from './answers.ts'
import { differenceOf, type FieldChange } from './difference.ts'
import { useTokens } from './use-tokens.ts'

const PAGE = '50'
/** More are shown when they are asked for. */
const FIELDS_MAX = 4

interface AuditAnswer {
  readonly changes: readonly ChangeAnswer[]
  readonly pagination: { readonly next?: string }
}

const DONE: Readonly<Record<string, string>> = {
  create: 'made',
  update: 'changed',
  delete: 'deleted',
  resync: 'had everybody told again by',
  approve: 'approved what waited of',
  reject: 'dropped what waited of',
  resend: 'sent failures again to',
  unlink: 'unlinked',
}

export function AuditLog() {
  const spaceId = useSpaceId()
  const log = useInfiniteQuery({
    queryKey: ['audit log', spaceId],
    queryFn: ({ pageParam }) => {
      const query = { 'pagination[count]': PAGE, ...(pageParam && { next: pageParam }) }
      return answeredData<AuditAnswer>(api.GET('/spaces/{spaceId}/audit-log', { params: { path: { spaceId }, query } }))
    },
    initialPageParam: '',
    getNextPageParam: ({ pagination }) => pagination.next,
  })
  const names = useTokenNames()
  if (log.error) return <Failed error={log.error} again={() => void log.refetch()} />
  if (!log.data) return <Loading rows={6} />
  const changes = log.data.pages.flatMap((page) => page.changes)
  return (
    <section className="card" aria-labelledby="audit">
      <div className="hd">
        <h2 id="audit">Audit log</h2>
        <span className="dim hide-s">the last 2,000 changes, without secrets</span>
      </div>
      {changes.length === 0 && <Empty title="Nothing has been changed yet." />}
      <ol>
        {changes.map((change) => (
          <Change key={change.number} change={change} by={names.get(change.by) ?? change.by} />
        ))}
      </ol>
      {log.hasNextPage && (
        <button
          className="btn more-changes"
          type="button"
          disabled={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          Show older
        </button>
      )}
    </section>
  )
}

/** The names of those who act, by the ids of their tokens. */
function useTokenNames(): ReadonlyMap<string, string> {
  const { data } = useTokens()
  const { tokenId } = useSession()
  const own = ['environment', 'administrator'].includes(tokenId) ? [] : [[tokenId, 'this token'] as const]
  return new Map<string, string>([
    ...own,
    ['environment', 'the server’s own token'],
    ['administrator', 'the installation’s token'],
    ...(data ?? []).map(({ id, name }) => [id, name] as const),
  ])
}

function Change({
  change: { at, action, thing, id, before, after },
  by,
}: {
  readonly change: ChangeAnswer
  readonly by: string
}) {
  const fields = differenceOf(before, after)
  const name = nameOf(after) ?? nameOf(before)
  return (
    <li className="change">
      <time className="dim" dateTime={at}>
        {dayAndClock(at)}
      </time>
      <div>
        <p>
          <b>{by}</b> <span className={action === 'delete' ? 'down' : ''}>{DONE[action] ?? action}</span>{' '}
          {thing.replace('_', ' ')} <b>{name ?? ''}</b> <span className="dim mono">{id}</span>
        </p>
        <Difference fields={fields} isChange={action === 'update'} />
      </div>
    </li>
  )
}

function nameOf(fields: ChangeAnswer['after']): string | undefined {
  const found = [fields?.['name'], fields?.['description'], fields?.['key']].find(
    (one) => typeof one === 'string' && one !== '',
  )
  return typeof found === 'string' ? found : undefined
}

interface DifferenceProps {
  readonly fields: readonly FieldChange[]
  /** For what is made or deleted, only how much it is is said at once. */
  readonly isChange: boolean
}

function Difference({ fields, isChange }: DifferenceProps) {
  if (fields.length === 0) return null
  const first = isChange ? fields.slice(0, FIELDS_MAX) : []
  const others = fields.slice(first.length)
  return (
    <>
      <FieldList fields={first} />
      {others.length > 0 && (
        <details>
          <summary>
            {count(others.length)} {isChange ? 'more' : others.length === 1 ? 'field' : 'fields'}
          </summary>
          <FieldList fields={others} />
        </details>
      )}
    </>
  )
}

function FieldList({ fields }: { readonly fields: readonly FieldChange[] }) {
  if (fields.length === 0) return null
  return (
    <dl className="difference">
      {fields.map(({ path, before, after }) => (
        <div key={path}>
          <dt className="dim">{path}</dt>
          <dd>
            {before !== undefined && <del>{before}</del>} {after !== undefined && <ins>{after}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
