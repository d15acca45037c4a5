/** Import from Segment over HTTP: what objects of its Public API have is made here, as far as it can be moved. */
import { type Request, type Response, Router } from 'express'
import { readSegment } from '../segment/read-segment.ts'
import { readJson } from './body.ts'
import { readDryRun } from './dry-run.ts'
import { Move, type MoveOptions } from './move.ts'
import { requestReader } from './request-reader.ts'

export type ImportApiOptions = Omit<MoveOptions, 'isDryRun' | 'response'>

const IMPORT_BYTES_MAX = 4 * 1024 * 1024

/** Makes the route; it must be mounted behind the check of the access token. */
export function importRouter(options: ImportApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const json = readJson(IMPORT_BYTES_MAX)
  router.post('/spaces/:spaceId/import', json, async ({ body, query }: Request, response: Response) => {
    const isDryRun = readDryRun(query['dryRun'])
    const found = readSegment(body, requestReader(options.clock()))
    response.json({ data: await new Move({ ...options, isDryRun, response }).of(found) })
  })
  return router
}
