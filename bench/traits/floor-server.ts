/** The floors of `/traits`: the same bytes for every request, by Express (`express`) or bare `node:http` (`bare`). */
import { createServer, type RequestListener } from 'node:http'
import express from 'express'

const [, , kind, body = ''] = process.argv

function listener(): RequestListener {
  if (kind === 'bare')
    return (_request, response) => {
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.end(body)
    }
  const app = express()
  app.get('/v1/spaces/:space/collections/:collection/profiles/:identifier/traits', (_request, response) => {
    response.type('json').send(body)
  })
  return app
}

const server = createServer(listener())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.stdout.write(`{"url":"http://127.0.0.1:${address?.port}"}\n`)
})
