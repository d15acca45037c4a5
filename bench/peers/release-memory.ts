/** Gives back the memory that a process no longer needs, so that its resident set is that of its subject. */
import { setTimeout as delay } from 'node:timers/promises'
import { collectGarbage } from '../harness/cost.ts'

/** Pages and array buffers are given back some time after the collection that found them unused. */
const RELEASE_MS = 500

export async function releaseMemory(): Promise<void> {
  collectGarbage()
  await delay(RELEASE_MS)
  collectGarbage()
  await delay(RELEASE_MS)
}
