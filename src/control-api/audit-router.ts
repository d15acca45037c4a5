/** The audit log of a space, the newest changes first. */
import { Router } from 'express'
import type { AuditedChange } from '../model/audit.ts'
import { formatInstant } from '../model/time.ts'
import { cursorOf, readPagination } from './requests.ts'

export interface AuditApiOptions {
  readonly audit: { list(limit: number, before?: number): readonly AuditedChange[] }
}

const PAGE_MAX = 200

export function auditRouter({ audit }: AuditApiOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/spaces/:spaceId/audit-log', (request, response) => {
    const { next } = request.query
    const asked = next === undefined ? request.query : { ...request.query, 'pagination[cursor]': next }
    const { count, from } = readPagination(asked, PAGE_MAX)
    const page = audit.list(count + 1, from === 0 ? undefined : from)
    const shown = page.slice(0, count)
    const pagination = {
      current: cursorOf(from),
      ...(page.length > count && { next: cursorOf(shown.at(-1)!.number) }),
    }
    response.json({ data: { changes: shown.map(viewOf), pagination } })
  })
  return router
}

function viewOf({ number, at, ...change }: AuditedChange): object {
  return { number, at: formatInstant(at), ...change }
}
