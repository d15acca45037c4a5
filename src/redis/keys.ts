/**
 * Every key of Redis that the product uses. A space's keys share a hash tag, so that a Redis Cluster has them in one
 * slot; each of its queues has a tag of its own, so that they spread over the masters.
 */

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

/** The prefix of BullMQ's own keys of a destination. */
export function queuePrefix(spaceId: string, destinationId: string): string {
  return `rollcall:{${spaceId}:${destinationId}}:queue`
}

/** The prefix that all queues of a space had before each destination had one. */
export function formerQueuePrefix(spaceId: string): string {
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

/** Begins the keys that the nodes of a cluster share, those of BullMQ's queue of spaces among them. */
export const NODES_PREFIX = 'rollcall:{nodes}'

/** The nodes: by id, when each was last heard of, and what it said. */
export const NODES_KEY = `${NODES_PREFIX}:nodes`

/** The owner of each space. */
export const OWNERS_KEY = `${NODES_PREFIX}:owners`

/** A number that counts the changes of the owners. */
export const OWNERS_VERSION_KEY = `${NODES_PREFIX}:owners-version`

/** The channel by which nodes tell each other to look again. */
export const NODES_CHANNEL = `${NODES_PREFIX}:changed`

/** The ids of nodes that are to take no spaces, and to let go of theirs. */
export const DRAINED_KEY = `${NODES_PREFIX}:drained`

/** Matches all keys of a space, whose id has letters, digits and `_` only. */
export function spacePattern(spaceId: string): string {
  return `rollcall:{${spaceId}[}:]*`
}
