/** The spaces of an installation: made, listed and removed with an installation token. */
import { type Request, type RequestHandler, type Response, Router } from 'express'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { keyOfName } from '../model/new-id.ts'
import type { ShownSpace, SpaceAdmin } from '../model/space-record.ts'
import { formatInstant } from '../model/time.ts'
import { readJson } from './body.ts'
import { fields, invalid, parsed } from './fields.ts'

export interface SpacesApiOptions {
  /** The rights of a request, by its `Authorization` header; undefined if it has none. */
  readonly grantOf: (authorization: string | undefined) => { readonly spaceId: string | undefined } | undefined
  /** Epoch ms. */
  readonly clock: () => number
  readonly spaces: SpaceAdmin
}

const NewSpace = fields({
  name: z.string().trim().min(1).max(255),
  id: z
    .string()
    .regex(/^\w{1,64}$/, 'expected letters, digits and _')
    .optional(),
})
const Removal = fields({ name: z.string() })

/** The bodies of spaces, for the description of the API. */
export const SPACE_BODIES = { made: NewSpace, removed: Removal } as const

export function spacesRouter({ grantOf, clock, spaces }: SpacesApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const readGrant = (request: Request) => {
    const grant = grantOf(request.get('authorization'))
    if (grant) return grant
    throw new EngineError('authentication_error', 'Authorization: expected Bearer with an access token')
  }
  const admin: RequestHandler = (request, _response, next) => {
    if (readGrant(request).spaceId !== undefined)
      throw new EngineError('forbidden', 'Authorization: expected an installation token, got that of a space')
    next()
  }
  router.post('/spaces', admin, readJson(), async (request: Request, response: Response) => {
    const { name, id = keyOfName(name) } = parsed(NewSpace, request.body)
    if (id === '') throw invalid('id', 'expected one, as the name has no letters or digits to make it from')
    const record = { id, name, createdAt: clock() }
    const { accessToken, writeKey } = await spaces.create(record)
    response.json({ data: { space: { ...viewOf({ record, isOpen: true }), accessToken, writeKey } } })
  })
  router.get('/spaces', (request, response) => {
    const { spaceId } = readGrant(request)
    const visible = spaces.list().filter(({ record }) => spaceId === undefined || record.id === spaceId)
    const pagination = { current: '', totalEntries: visible.length }
    response.json({ data: { spaces: visible.map(viewOf), pagination } })
  })
  router.get('/spaces/:id', (request: Request, response: Response) => {
    const { spaceId } = readGrant(request)
    response.json({ data: { space: viewOf(present(spaces, String(request.params['id']), spaceId)) } })
  })
  router.delete('/spaces/:id', admin, readJson(), async ({ params, body }: Request, response: Response) => {
    const { record } = present(spaces, String(params['id']), undefined)
    const { name } = parsed(Removal, body)
    if (name !== record.name) throw invalid('name', 'expected the name of the space, repeated')
    await spaces.remove(record.id)
    response.json({ data: { status: 'SUCCESS' } })
  })
  return router
}

/** @param visibleId the only space that may be seen; undefined: all */
function present(spaces: SpaceAdmin, id: string, visibleId: string | undefined): ShownSpace {
  const space = visibleId === undefined || visibleId === id ? spaces.find(id) : undefined
  if (!space) throw new EngineError('not_found', 'id: there is no such space', 'id')
  return space
}

function viewOf({ record: { id, name, createdAt, isDemonstration }, isOpen }: ShownSpace): object {
  const status = isOpen ? 'Live' : 'Recovering'
  return {
    id,
    slug: id,
    name,
    createdAt: formatInstant(createdAt),
    status,
    ...(isDemonstration && { isDemonstration }),
  }
}
