/** All audiences of the space, and who came and went. */
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { lazy, memo, Suspense, useDeferredValue, useMemo } from 'react'
import type { AudienceAnswer } from '../../api/answers.ts'
import { useMay } from '../../api/session.ts'
import { Page } from '../../frame/page.tsx'
import { count } from '../../parts/format.ts'
import { Failed, Loading } from '../../parts/states.tsx'
import { DemonstrationNote } from '../first-run/demonstration-note.tsx'
import { AudienceList } from './audience-list.tsx'
import { LastHour } from './last-hour.tsx'
import { useNewKey } from './new-key.ts'
import { useAudiences } from './queries.ts'
import './audiences.css'

const FirstRun = lazy(async () => ({ default: (await import('../first-run/first-run.tsx')).FirstRun }))
const ROWS_LOADING = 12
const MemoLastHour = memo(LastHour)
const MemoAudienceList = memo(AudienceList)

/** Lets thousands of audiences be shown in slices of time, between which the page takes clicks and keys. */
function useDeferred(data: readonly AudienceAnswer[] | undefined, readAt: number) {
  return useDeferredValue(useMemo(() => ({ data, readAt }), [data, readAt]))
}

export function AudiencesPage() {
  const audiences = useAudiences()
  const mayEdit = useMay('editor')
  useNewKey('/audiences/new', mayEdit)
  const { error } = audiences
  const { data, readAt } = useDeferred(audiences.data, audiences.dataUpdatedAt)
  const note = data && data.length > 0 && (
    <span className="mut audiences-count">
      {count(data.length)} {data.length === 1 ? 'audience' : 'audiences'}
    </span>
  )
  const toNew = mayEdit && (
    <Link className="btn pri" to="/audiences/new">
      <Plus className="i s" aria-hidden="true" />
      New audience
      <kbd className="hide-s" aria-hidden="true">
        N
      </kbd>
    </Link>
  )
  return (
    <Page title="Audiences" isMoving note={note} actions={toNew}>
      {error && (
        <Failed
          error={error}
          again={() => void audiences.refetch()}
          {...(data && { since: new Date(readAt).toLocaleTimeString('en-GB') })}
        />
      )}
      {!data && !error && <Loading rows={ROWS_LOADING} />}
      {data?.length === 0 && (
        <Suspense fallback={<Loading rows={ROWS_LOADING} />}>
          <FirstRun />
        </Suspense>
      )}
      {data && data.length > 0 && (
        <>
          <DemonstrationNote />
          <MemoLastHour audiences={data} />
          <MemoAudienceList audiences={data} readAt={readAt} />
        </>
      )}
    </Page>
  )
}
