/** The sizes of audiences over time. */
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import type { DefinitionKind, DefinitionRecord } from '../model/space-command.ts'
import type { SizeRange, SizeStep } from '../model/audience-size.ts'
import { formatInstant } from '../model/time.ts'
import { fields, invalid, parsed, readInstant } from './fields.ts'

export interface SizeApiOptions {
  readonly clock: () => number
  readonly find: (id: string, kind: DefinitionKind) => DefinitionRecord | undefined
  /** Lists sizes over time, as far back as they are kept. */
  readonly sizes: (source: DefinitionRecord['source'], period: SizeRange) => readonly SizeStep[]
}

const HOUR_MS = 3_600_000
/** By step: so far back is shown unless `from` says otherwise. */
const LOOKBACK_MS = { minute: 2 * HOUR_MS, hour: 24 * HOUR_MS, day: 90 * 24 * HOUR_MS } as const

const Period = fields({
  from: z.string().optional(),
  to: z.string().optional(),
  step: z.enum(['minute', 'hour', 'day']).default('hour'),
})

export function sizeRouter({ clock, find, sizes }: SizeApiOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/spaces/:spaceId/audiences/:id/sizes', (request: Request<{ id: string }>, response: Response) => {
    const record = find(request.params.id, 'audience')
    if (!record) throw new EngineError('not_found', 'id: there is no such audience', 'id')
    const list = sizes(record.source, readPeriod(request.query, clock()))
    response.json({ data: { sizes: list.map((step) => ({ ...step, at: formatInstant(step.at) })) } })
  })
  return router
}

/** Throws an EngineError that names the parameter at fault. */
function readPeriod(query: object, now: number): SizeRange {
  const { from, to, step } = parsed(Period, query)
  // The present step is the last: the future has no sizes.
  const end = Math.min(now + 1, to === undefined ? Infinity : readInstant('to', to))
  const start = from === undefined ? end - LOOKBACK_MS[step] : readInstant('from', from)
  if (start > end) throw invalid('from', 'expected an instant before the end, and before now')
  return { from: start, to: end, step }
}
