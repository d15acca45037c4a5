/** The demonstration, for whoever looks around: made by one click, and removed by another. */
import { type Request, type RequestHandler, type Response, Router } from 'express'
import type { DemonstrationStatus } from '../demonstration/status.ts'
import { EngineError } from '../model/errors.ts'

export interface DemonstrationOptions {
  /** Returns the rights of a request, by its `Authorization` header; undefined if it has none. */
  readonly grantOf: (authorization: string | undefined) => { readonly spaceId: string | undefined } | undefined
  readonly demonstration: {
    readonly status: DemonstrationStatus
    /** Makes it, unless it is there; resolves when it takes input. */
    make(): Promise<void>
    /** Removes it with all that it has, if it is there. */
    remove(): Promise<void>
  }
}

const PATH = '/app/demonstration'

export function demonstrationRouter({ grantOf, demonstration }: DemonstrationOptions): Router {
  const router = Router({ caseSensitive: true })
  const admin: RequestHandler = (request, _response, next) => {
    const grant = grantOf(request.get('authorization'))
    if (!grant) throw new EngineError('authentication_error', 'Authorization: expected a session, or an access token')
    if (grant.spaceId !== undefined)
      throw new EngineError('forbidden', 'Authorization: expected an installation token, got that of a space')
    next()
  }
  const answer = (response: Response): void => {
    response.json({ data: { demonstration: demonstration.status } })
  }
  router.get(PATH, admin, (_request: Request, response: Response) => answer(response))
  router.post(PATH, admin, async (_request: Request, response: Response) => {
    await demonstration.make()
    answer(response)
  })
  router.delete(PATH, admin, async (_request: Request, response: Response) => {
    await demonstration.remove()
    answer(response)
  })
  return router
}
