/** Access tokens over HTTP: made, listed, revoked. A token is shown once, in the answer that made it. */
import { createHash, randomBytes } from 'node:crypto'
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import type { CommandAs } from '../http/acting-token.ts'
import { EngineError } from '../model/errors.ts'
import { formatInstant } from '../model/time.ts'
import { newId } from '../model/new-id.ts'
import { ROLES } from '../model/role.ts'
import type { SpaceCommand, TokenRecord } from '../model/space-command.ts'
import { readJson } from './body.ts'
import { fields, parsed } from './fields.ts'

export interface TokenApiOptions {
  /** Epoch ms. */
  readonly clock: () => number
  readonly command: CommandAs<SpaceCommand>
  readonly tokens: { list(): readonly TokenRecord[]; find(id: string): TokenRecord | undefined }
}

const TOKENS_MAX = 1_000
const BODY_BYTES_MAX = 10 * 1024
export const NewToken = fields({
  description: z.string().max(255).default(''),
  /** Another word for the description. */
  name: z.string().max(255).optional(),
  role: z.enum(ROLES).default('admin'),
})

/** Makes the routes; they must be mounted behind the check of the access token. */
export function tokenRouter({ clock, command, tokens }: TokenApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const path = '/spaces/:spaceId/tokens'
  router.post(path, readJson(BODY_BYTES_MAX), async (request: Request, response: Response) => {
    const { description: described, name, role } = parsed(NewToken.prefault({}), request.body)
    const description = name ?? described
    if (tokens.list().length >= TOKENS_MAX)
      throw new EngineError('validation_error', `tokens: expected at most ${TOKENS_MAX}; remove one first`)
    const secret = randomBytes(24).toString('base64url')
    const now = clock()
    const digest = createHash('sha256').update(secret).digest('hex')
    const token = { id: newId('tok', now), description, role, digest, createdAt: now }
    await command({ kind: 'add token', token }, response)
    response.json({ data: { token: { ...tokenView(token), secret } } })
  })
  router.get(path, (_request, response) => {
    response.json({ data: { tokens: tokens.list().map(tokenView) } })
  })
  router.delete(`${path}/:id`, async ({ params }: Request<{ id: string }>, response: Response) => {
    if (!tokens.find(params.id)) throw new EngineError('not_found', 'id: there is no such token', 'id')
    await command({ kind: 'remove token', id: params.id }, response)
    response.json({ data: { status: 'SUCCESS' } })
  })
  return router
}

function tokenView({ id, description, role = 'admin', createdAt }: TokenRecord): object {
  return { id, name: description, description, role, createdAt: formatInstant(createdAt) }
}
