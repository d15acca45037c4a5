/** Every key of Redis that the product uses. A space's keys share a hash tag, so that they lie on one node. */

export function journalKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:journal`
}

/** The index of committed checkpoints. */
export function checkpointIndexKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:checkpoints`
}

/** The parts that a checkpoint wrote. */
export function checkpointKey(spaceId: string, checkpoint: number): string {
  return `rollcall:{${spaceId}}:checkpoint:${checkpoint}`
}

/** The prefix of BullMQ's own keys. */
export function queuePrefix(spaceId: string): string {
  return `rollcall:{${spaceId}}:queue`
}

/** The stream of the workers' answers. */
export function answersKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:answers`
}

/** The job of each lane of each destination that may be worked on: any other is outdated. */
export function lanesKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:lanes`
}

/** The name of each audience's list at each destination. */
export function listsKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:lists`
}

/** The records of the spaces beside the first. */
export const SPACES_KEY = 'rollcall:spaces'

/** Matches all keys of a space, whose id has letters, digits and `_` only. */
export function spacePattern(spaceId: string): string {
  return `rollcall:{${spaceId}}:*`
}
