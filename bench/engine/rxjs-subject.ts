/**
 * RxJS as it is mostly written for such a task: calls grouped by profile, and for each profile its own chains.
 * Exits that time alone causes are late or missing; so every profile gets a last look, and the ends are compared.
 */
import {
  distinct,
  distinctUntilChanged,
  groupBy,
  map,
  merge,
  mergeMap,
  type Observable,
  skipWhile,
  Subject as RxSubject,
} from 'rxjs'
import type { CallsEntry, RawCall } from '../../src/model/entry.ts'
import { lastLook, type Moment, momentOf } from './moment.ts'
import { definitionsOf } from './rxjs-definitions.ts'
import type { Change, Subject } from '../harness/subject.ts'

export function rxjsSubject(): Subject {
  const entries$ = new RxSubject<CallsEntry<RawCall>>()
  const users = new Set<string>()
  let changes: Change[] = []
  entries$
    .pipe(
      map(momentOf),
      distinct(({ messageId }) => messageId),
      groupBy(({ userId }) => userId),
      mergeMap((profile$) => {
        users.add(profile$.key)
        return changesOf(profile$, `user_id:${profile$.key}`)
      }),
    )
    .subscribe((change) => changes.push(change))
  return {
    apply(entries, out) {
      changes = out
      for (const entry of entries) entries$.next(entry)
    },
    finish(until, out) {
      changes = out
      for (const userId of users) entries$.next(lastLook(userId, until))
    },
  }
}

function changesOf(profile$: Observable<Moment>, profile: string): Observable<Change> {
  let at = 0
  const timed$ = profile$.pipe(
    map((moment) => {
      at = moment.now
      return moment
    }),
  )
  const definitions = Object.entries(definitionsOf(timed$))
  return merge(
    ...definitions.map(([key, values$]) =>
      values$.pipe(
        distinctUntilChanged(),
        skipWhile((value) => value === false || value === null),
        map((value) => changeOf(at, key, profile, value)),
      ),
    ),
  )
}

function changeOf(at: number, key: string, profile: string, value: boolean | number | null): Change {
  if (typeof value === 'boolean') return { at, type: value ? 'entered' : 'exited', key, profile }
  return { at, type: 'trait', key, profile, value }
}
