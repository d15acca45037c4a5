/** The floor of ingestion: bare `node:http` that parses the JSON and appends the body, as it came, to a stream. */
import { createServer } from 'node:http'
import { createRedis } from '../../src/redis/client.ts'

const redis = createRedis(process.argv[2]!)
await redis.connect()
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    JSON.parse(body.toString())
    void redis.xadd('floor', '*', 'body', body).then(() => {
      response.setHeader('content-type', 'application/json')
      response.end('{"success":true}')
    })
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.stdout.write(`{"url":"http://127.0.0.1:${address?.port}"}\n`)
})
