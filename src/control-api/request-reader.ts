/** Reads what Segment has by the rules of requests that make the same. */
import type { RequestReader } from '../segment/read-segment.ts'
import { readDestination } from './destination-requests.ts'
import { readAudience, readComputedTrait } from './requests.ts'

export function requestReader(now: number): RequestReader {
  return {
    definition: (kind, body) => (kind === 'audience' ? readAudience : readComputedTrait)(body, now),
    destination: (body) => readDestination(body, now),
  }
}
