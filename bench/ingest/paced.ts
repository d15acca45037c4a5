/**
 * Requests at a given rate, whatever becomes of those before: latency is counted from the instant at which a request
 * was due, so that a server which stops for a while is charged for all that came meanwhile.
 */
import { Agent, request } from 'node:http'

export interface Paced {
  /** Latency of each request, ms, ascending. */
  readonly latencies: readonly number[]
  /** Requests that were not answered with 200. */
  readonly refused: number
}

/** @param perSecond requests a second, evenly spread */
export async function sendPaced(
  url: string,
  bodies: readonly Buffer[],
  { perSecond, connections, headers }: { perSecond: number; connections: number; headers: Record<string, string> },
): Promise<Paced> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latencies: number[] = []
  let refused = 0
  const send = (body: Buffer, dueAt: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request(`${url}/v1/batch`, { method: 'POST', agent, headers }, (response) => {
        response.resume()
        response.on('end', () => {
          latencies.push(performance.now() - dueAt)
          if (response.statusCode !== 200) refused++
          resolve()
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const start = performance.now()
  const answers: Promise<void>[] = []
  while (answers.length < bodies.length) {
    const due = Math.min(bodies.length, Math.floor(((performance.now() - start) / 1000) * perSecond))
    while (answers.length < due) {
      const dueAt = start + ((answers.length + 1) / perSecond) * 1000
      answers.push(send(bodies[answers.length]!, dueAt))
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(answers)
  agent.destroy()
  return { latencies: latencies.sort((a, b) => a - b), refused }
}
