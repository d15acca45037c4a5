/**
 * Clients of spaces, in a process of lower priority than the server's: each write key has calls of its own at a steady
 * rate. Says how long each took; a process that floods is ended before that.
 *   node clients.js URL '{"keys":["…"],"perSecond":20,"batch":1,"connections":4,"seconds":10,"priority":5}'
 */
import { setPriority } from 'node:os'
import { type Paced, sendPaced } from '../ingest/paced.ts'

export interface Load {
  readonly keys: readonly string[]
  /** Events a second of each key. */
  readonly perSecond: number
  readonly batch: number
  /** At most so many for each key. */
  readonly connections: number
  readonly seconds: number
  /** As `nice` has it. */
  readonly priority: number
}

const USERS = 1_000

const [url, text] = process.argv.slice(2) as [string, string]
const { keys, perSecond, batch, connections, seconds, priority } = JSON.parse(text) as Load

function bodies(): Buffer[] {
  return Array.from({ length: Math.ceil((perSecond * seconds) / batch) }, (_, at) => {
    const calls = Array.from({ length: batch }, (_, place) => ({
      type: 'track',
      messageId: `${process.pid}-${at}-${place}`,
      userId: `user-${(at * batch + place) % USERS}`,
      event: 'Order Completed',
      properties: { revenue: at % 100 },
    }))
    return Buffer.from(JSON.stringify({ batch: calls }))
  })
}

setPriority(priority)
const all = bodies()
const ways = keys.map((key): Promise<Paced> => {
  const headers = { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }
  return sendPaced(url, all, { perSecond: perSecond / batch, connections, headers })
})
process.send!(await Promise.all(ways))
process.disconnect()
