/**
 * The browser's SDK, as its own npm package is built: a page's snippet loads it from here, and from the address of that
 * script the SDK knows where its settings, its further parts and the host to send to are.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import express, { type RequestHandler, Router } from 'express'
import { EngineError } from '../model/errors.ts'
import { allowOrigins } from './browser.ts'

const BUILD = join(
  dirname(createRequire(import.meta.url).resolve('@segment/analytics-next/package.json')),
  'dist',
  'umd',
)
/** A newer build has the same address; its parts are named by their content. */
const SCRIPT_AGE_SECONDS = 300
const PART_AGE_MS = 365 * 86_400_000

/** The SDK knows where it came from by an address of `https` alone: of any other, the page must have told it. */
const TELL_ORIGIN =
  "(function(s,a){if(s&&a&&!a._cdn)a._cdn=s.src.split('/analytics.js/')[0]})(document.currentScript,window.analytics);\n"

export function browserSdkRouter(isWriteKey: (key: string) => boolean): Router {
  const script = TELL_ORIGIN + readFileSync(join(BUILD, 'standalone.js'), 'utf8')
  const router = Router({ caseSensitive: true })
  router.use(['/analytics.js', '/analytics-next'], allowOrigins)
  router.get('/analytics.js/v1/:writeKey/analytics.min.js', (request, response) => {
    const { writeKey } = request.params
    if (!isWriteKey(writeKey)) throw new EngineError('not_found', 'writeKey: there is no such source', 'writeKey')
    response.set('Cache-Control', `public, max-age=${SCRIPT_AGE_SECONDS}`).type('js').send(script)
  })
  const parts = express.static(BUILD, { index: false, redirect: false, maxAge: PART_AGE_MS, immutable: true })
  router.use('/analytics-next/bundles', leaveCachingToFiles, parts)
  return router
}

const leaveCachingToFiles: RequestHandler = (_request, response, next) => {
  response.removeHeader('Cache-Control')
  next()
}
