/** Ids of requests: a random beginning of the process, and a count that begins at random. */
import { randomInt, randomUUID } from 'node:crypto'

const COUNT_DIGITS = 12
const COUNT_MAX = 16 ** COUNT_DIGITS

const beginning = randomUUID().slice(0, -COUNT_DIGITS)
let count = randomInt(2 ** 47)

/** Returns an id, in the form of a UUID, that no other request of this process has. */
export function newRequestId(): string {
  count = (count + 1) % COUNT_MAX
  return beginning + count.toString(16).padStart(COUNT_DIGITS, '0')
}
