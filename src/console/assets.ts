/**
 * The files that the console's pages load. The build has packed the most of them, beside each: `name.js.br`,
 * `name.js.gz`; a browser is sent what it takes, and the plain file if it takes none or there is none.
 */
import { extname } from 'node:path'
import express, { type RequestHandler, type Response, Router } from 'express'

/** By the encoding, the end of a file's name, the smallest first. */
const PACKINGS = { br: '.br', gzip: '.gz' } as const
type Encoding = keyof typeof PACKINGS

/** Serves the files of a folder, each with an ETag of its own for each way to pack it. */
export function assets(folder: string): Router {
  const router = Router({ caseSensitive: true })
  const plain = express.static(folder, { index: false, redirect: false, setHeaders: letKeep })
  router.use((_request, response, next) => {
    response.vary('Accept-Encoding')
    next()
  })
  router.use(packed(folder, 'br'), packed(folder, 'gzip'), plain)
  return router
}

function packed(folder: string, encoding: Encoding): RequestHandler {
  const ending = PACKINGS[encoding]
  const files = express.static(folder, {
    index: false,
    redirect: false,
    setHeaders: (response: Response, path) => {
      letKeep(response)
      response.set('Content-Encoding', encoding)
      response.type(extname(path.slice(0, -ending.length)))
    },
  })
  return (request, response, next) => {
    if (request.acceptsEncodings(encoding) !== encoding) {
      next()
      return
    }
    const { url } = request
    request.url = request.path + ending
    files(request, response, (error?: unknown) => {
      request.url = url
      next(error)
    })
  }
}

/** Names change with what is in them. */
function letKeep(response: Response): void {
  response.set('Cache-Control', 'public, max-age=31536000, immutable')
}
