/** `rollcall token create`: creates an access token, and shows it once. */
import { z } from 'zod'
import { askServer } from './client.ts'
import type { ClientOptions } from '../server/settings.ts'

const Created = z.object({ token: z.object({ secret: z.string() }) })

export async function createToken(
  client: ClientOptions,
  description: string,
  write: (line: string) => void,
): Promise<void> {
  const { token } = Created.parse(await askServer(client, 'POST', 'tokens', { description }))
  write(`${token.secret}\n`)
}
