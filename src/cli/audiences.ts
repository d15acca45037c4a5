/** `rollcall audiences`: the audiences of a running server, one a line. */
import { z } from 'zod'
import { askPages } from './client.ts'
import type { ClientOptions } from '../server/settings.ts'

const Page = z.object({
  audiences: z.array(
    z.object({
      key: z.string(),
      audienceType: z.string(),
      status: z.string(),
      definition: z.object({ query: z.string() }),
    }),
  ),
})

const PAGE = 200

export async function listAudiences(client: ClientOptions, write: (line: string) => void): Promise<void> {
  for await (const page of askPages(client, 'audiences', PAGE))
    for (const { key, audienceType, status, definition } of Page.parse(page).audiences)
      write(`${key}\t${audienceType}\t${status}\t${definition.query.replaceAll(/\s+/g, ' ')}\n`)
}
