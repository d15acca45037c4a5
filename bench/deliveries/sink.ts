/**
 * The webhook at the other end: takes calls, one or an array of them, and says how many different ones have come, and
 * how long after the instant that they carry. It may fail one time in ten, or never answer.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Random } from '../harness/random.ts'

interface Call {
  readonly messageId: string
  readonly timestamp: string
}

const temper = process.argv[2] ?? 'healthy'
const random = new Random(20_260_105)
const ids = new Set<string>()
const latenciesMs: number[] = []

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ calls: ids.size, latenciesMs }))
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Call | Call[]
    const calls = Array.isArray(body) ? body : [body]
    // Whoever asks whether the settings work is answered in any case.
    const isTest = !calls[0]!.messageId.startsWith('personas_')
    if (temper === 'hanging' && !isTest) return
    if (temper === 'failing' && !isTest && random.below(10) === 0) {
      response.writeHead(500).end()
      return
    }
    if (!isTest) for (const call of calls) take(call)
    response.end('{}')
  })
})

function take({ messageId, timestamp }: Call): void {
  if (ids.has(messageId)) return
  ids.add(messageId)
  latenciesMs.push(Date.now() - Date.parse(timestamp))
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
