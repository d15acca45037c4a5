/** Previews: started, waited for, and cancelled when they have been read. */
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { withParameters } from './api.ts'
import { Member, membersText, shown, SHOWN_MAX } from './members.ts'
import { counted, cut, lines, people, percent } from './text.ts'
import type { ToolSetting } from './tool.ts'

const Estimate = z.object({ count: z.number(), low: z.number(), high: z.number() })
const Size = z.union([z.number(), Estimate])
type Size = z.infer<typeof Size>

const ShownPreview = z.object({
  id: z.string(),
  audienceType: z.enum(['USERS', 'ACCOUNTS']),
  definition: z.object({ query: z.string() }),
  status: z.enum(['RUNNING', 'COMPLETED', 'FAILED']),
  failureReason: z.string().optional(),
  progress: z.number(),
  estimate: Estimate.optional(),
  size: z.object({ count: z.number() }).optional(),
  asOf: z.string().optional(),
  sample: z.array(Member),
  identifiers: z.record(z.string(), z.number()),
  overlap: z.array(z.object({ id: z.string(), both: z.number(), onlyThis: z.number(), onlyOther: z.number() })),
  difference: z.object({ enter: Size, leave: Size }).optional(),
  deliveries: z.array(z.object({ destinationId: z.string(), calls: z.number(), held: z.boolean() })).optional(),
  conditions: z
    .array(z.object({ start: z.number(), end: z.number(), meets: z.number(), without: z.number() }))
    .default([]),
})
export type ShownPreview = z.infer<typeof ShownPreview>

const Started = z.object({ audiencePreview: z.object({ id: z.string() }) })
const Read = z.object({ audiencePreview: ShownPreview })
const People = z.object({ members: z.array(Member) })

/** So often is a preview asked for, and so many times at most: a client waits a minute for an answer. */
const ASKED_MS = 250
const ASKED_MAX = 200

/** Starts a preview of an audience that is not there; resolves with its id. */
export async function startPreview({ api }: ToolSetting, body: object): Promise<string> {
  return Started.parse(await api.control('POST', 'audiences/previews', body)).audiencePreview.id
}

/** Starts a preview of a change, if nobody has changed the audience since an instant; resolves with its id. */
export async function startDryRun(
  { api }: ToolSetting,
  { id, ifUpdatedAt, body }: { readonly id: string; readonly ifUpdatedAt: string; readonly body: object },
): Promise<string> {
  const path = withParameters(`audiences/${id}`, { dryRun: 'true', ifUpdatedAt })
  return Started.parse(await api.control('PATCH', path, body)).audiencePreview.id
}

/** Resolves once it is exact, or as it is when that takes too long. Rejects with an EngineError if it has failed. */
export async function awaitPreview(
  { api, pause }: ToolSetting,
  id: string,
  signal: AbortSignal,
): Promise<ShownPreview> {
  for (let asked = 1; ; asked++) {
    signal.throwIfAborted()
    const { audiencePreview } = Read.parse(await api.control('GET', `audiences/previews/${id}`))
    if (audiencePreview.status === 'FAILED')
      throw new EngineError('internal_error', `the preview has failed: ${audiencePreview.failureReason ?? ''}`)
    if (audiencePreview.status === 'COMPLETED' || asked === ASKED_MAX)
      return { ...audiencePreview, sample: shown(audiencePreview.sample) }
    await pause(ASKED_MS)
  }
}

/** Cancels a preview that nobody needs any more; one that is gone already is no fault. */
export async function cancelPreview({ api }: ToolSetting, id: string): Promise<void> {
  await api.control('DELETE', `audiences/previews/${id}`).catch(() => undefined)
}

export interface Movement {
  readonly entering: readonly Member[]
  readonly leaving: readonly Member[]
}

/** Resolves with some who would enter and leave the audience that a preview is compared with. */
export async function movementOf({ api }: ToolSetting, id: string): Promise<Movement> {
  const list = async (rest: string) =>
    shown(People.parse(await api.control('GET', `audiences/previews/${id}/${rest}?limit=${SHOWN_MAX}`)).members)
  return { entering: await list('entering'), leaving: await list('leaving') }
}

/** `3 users, exactly, as of …`, or an estimate with its interval. */
export function sizeText({ size, asOf, estimate, progress, audienceType }: ShownPreview): string {
  if (size) return `${people(size.count, audienceType)}, exact as of ${asOf}`
  if (!estimate) return `not known yet: ${percent(progress)} looked at`
  return `about ${people(estimate.count, audienceType)}, ${estimate.low} to ${estimate.high} in 95 of 100 cases: ${percent(progress)} looked at`
}

/** A number of people, or an estimate of it. */
export function changeText(size: Size, type: string): string {
  return typeof size === 'number'
    ? people(size, type)
    : `about ${people(size.count, type)} (${size.low} to ${size.high})`
}

export function movementText({ entering, leaving }: Movement): string {
  return lines(membersText('some who would enter:', entering), membersText('some who would leave:', leaving))
}

export function deliveriesText({ deliveries = [] }: ShownPreview): string {
  return lines(
    ...deliveries.map(({ destinationId, calls, held }) => {
      const waits = held ? ', which wait for an approval' : ''
      return `destination ${destinationId} would be sent ${counted(calls, 'call')}${waits}`
    }),
  )
}

const CONDITIONS_SHOWN_MAX = 16

/** Each condition of the outermost AND and of its ORs, with how much it cuts. */
export function conditionsText({ conditions, definition, audienceType }: ShownPreview): string {
  if (conditions.length < 2) return ''
  return lines(
    'conditions:',
    ...conditions
      .slice(0, CONDITIONS_SHOWN_MAX)
      .map(
        ({ start, end, meets, without }) =>
          `  ${cut(definition.query.slice(start, end))}: ${people(meets, audienceType)} meet it, ${without} would be in without it`,
      ),
  )
}
