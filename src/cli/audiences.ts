/** `rollcall audiences`: the audiences of a running server, one a line. */
import { z } from 'zod'
import { askServer, type ClientOptions } from './client.ts'

const Page = z.object({
  audiences: z.array(
    z.object({
      key: z.string(),
      audienceType: z.string(),
      status: z.string(),
      definition: z.object({ query: z.string() }),
    }),
  ),
  pagination: z.object({ next: z.string().optional() }),
})

const PAGE = 200

export async function listAudiences(client: ClientOptions, write: (line: string) => void): Promise<void> {
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const parameters = new URLSearchParams({ 'pagination[count]': String(PAGE) })
    if (cursor !== '') parameters.set('pagination[cursor]', cursor)
    const page: z.infer<typeof Page> = Page.parse(await askServer(client, 'GET', `audiences?${parameters.toString()}`))
    for (const { key, audienceType, status, definition } of page.audiences)
      write(`${key}\t${audienceType}\t${status}\t${definition.query.replaceAll(/\s+/g, ' ')}\n`)
    cursor = page.pagination.next
  }
}
