/** `rollcall preview`: how many an audience would have on a running server, and who, before it is made. */
import { setTimeout as delay } from 'node:timers/promises'
import { SingleBar } from 'cli-progress'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import type { ClientOptions } from '../server/settings.ts'
import { askServer } from './client.ts'

export interface PreviewOptions {
  readonly query: string
  readonly type: 'USERS' | 'ACCOUNTS'
  /** The id of an audience that it is compared with. */
  readonly compareWith?: string
}

const Started = z.object({ audiencePreview: z.object({ id: z.string() }) })
const Read = z.object({
  audiencePreview: z.object({
    status: z.enum(['RUNNING', 'COMPLETED', 'FAILED']),
    failureReason: z.string().optional(),
    progress: z.number(),
  }),
})

/** So often is a preview asked for. */
const ASKED_MS = 250
const PERCENT = 100

/** Waits until the size is exact, and writes the preview as JSON. Throws an EngineError if there is none. */
export async function preview(
  { query, type, compareWith }: PreviewOptions,
  client: ClientOptions,
  write: (line: string) => void,
): Promise<void> {
  const body = { definition: { query }, audienceType: type, ...(compareWith !== undefined && { compareWith }) }
  const { id } = Started.parse(await askServer(client, 'POST', 'audiences/previews', body)).audiencePreview
  const bar = startBar()
  try {
    for (;;) {
      const answer = await askServer(client, 'GET', `audiences/previews/${id}`)
      const { audiencePreview } = Read.parse(answer)
      bar?.update(Math.round(audiencePreview.progress * PERCENT))
      if (audiencePreview.status === 'FAILED')
        throw new EngineError('internal_error', `the preview has failed: ${audiencePreview.failureReason ?? ''}`)
      if (audiencePreview.status === 'COMPLETED') {
        bar?.stop()
        write(`${JSON.stringify((answer as z.infer<typeof Read>).audiencePreview)}\n`)
        return
      }
      await delay(ASKED_MS)
    }
  } finally {
    bar?.stop()
    await askServer(client, 'DELETE', `audiences/previews/${id}`).catch(() => undefined)
  }
}

function startBar(): SingleBar | undefined {
  if (!process.stderr.isTTY) return undefined
  const bar = new SingleBar({ format: 'preview [{bar}] {percentage}% | {duration_formatted}', hideCursor: true })
  bar.start(PERCENT, 0)
  return bar
}
