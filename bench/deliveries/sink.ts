/** The webhook at the other end: takes calls, one or an array of them, and says how many different ones have come. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const ids = new Set<string>()

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ calls: ids.size }))
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { messageId: string } | { messageId: string }[]
    for (const { messageId } of Array.isArray(body) ? body : [body])
      if (messageId.startsWith('personas_')) ids.add(messageId)
    response.end('{}')
  })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
