/** The nodes of a cluster: listed, and drained, with an installation token. */
import { type Request, type RequestHandler, type Response, Router } from 'express'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { formatInstant } from '../model/time.ts'
import { readJson } from './body.ts'
import { fields, parsed } from './fields.ts'

/** A node as it is shown. */
export interface ShownNode {
  readonly id: string
  readonly url: string
  readonly isEngine: boolean
  /** Epoch ms. */
  readonly startedAt: number
  readonly isEnding: boolean
  readonly isDrained: boolean
  /** By space: what it costs, where an empty one costs 1. */
  readonly weights: Readonly<Record<string, number>>
}

export interface NodesApiOptions {
  /** The rights of a request, by its `Authorization` header; undefined if it has none. */
  readonly grantOf: (authorization: string | undefined) => { readonly spaceId: string | undefined } | undefined
  readonly list: () => readonly ShownNode[]
  /** Has a node let go of its spaces, or take some again. */
  readonly drain: (nodeId: string, isDrained: boolean) => Promise<void>
}

const Drain = fields({ drained: z.boolean() })

/** The bodies of nodes, for the description of the API. */
export const NODE_BODIES = { drained: Drain } as const

export function nodesRouter({ grantOf, list, drain }: NodesApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const admin: RequestHandler = (request, _response, next) => {
    const grant = grantOf(request.get('authorization'))
    if (!grant) throw new EngineError('authentication_error', 'Authorization: expected Bearer with an access token')
    if (grant.spaceId !== undefined)
      throw new EngineError('forbidden', 'Authorization: expected an installation token, got that of a space')
    next()
  }
  router.get('/nodes', admin, (_request, response) => {
    response.json({ data: { nodes: list().map(viewOf) } })
  })
  router.patch('/nodes/:id', admin, readJson(), async ({ params, body }: Request, response: Response) => {
    const id = String(params['id'])
    const node = list().find((one) => one.id === id)
    if (!node) throw new EngineError('not_found', 'id: there is no such node', 'id')
    const { drained } = parsed(Drain, body)
    await drain(id, drained)
    response.json({ data: { node: viewOf({ ...node, isDrained: drained }) } })
  })
  return router
}

function viewOf({ id, url, isEngine, startedAt, isEnding, isDrained, weights }: ShownNode): object {
  const status = isEnding ? 'Ending' : isDrained ? 'Drained' : 'Live'
  const load = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  return {
    id,
    url,
    roles: isEngine ? ['edge', 'engine'] : ['edge'],
    status,
    startedAt: formatInstant(startedAt),
    load: Math.round(load * 100) / 100,
    spaces: Object.keys(weights).sort(),
  }
}
