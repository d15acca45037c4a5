/** Every key of Redis that the product uses. A space's keys share a hash tag, so that they lie on one node. */

export function journalKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:journal`
}

/** Which checkpoints are committed. */
export function checkpointIndexKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:checkpoints`
}

/** The parts that a checkpoint wrote. */
export function checkpointKey(spaceId: string, checkpoint: number): string {
  return `rollcall:{${spaceId}}:checkpoint:${checkpoint}`
}

/** What BullMQ puts before its own keys. */
export function queuePrefix(spaceId: string): string {
  return `rollcall:{${spaceId}}:queue`
}

/** What workers say has become of deliveries: a stream. */
export function answersKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:answers`
}

/** Of each lane of each destination, the job that may be worked on: any other is of the past. */
export function lanesKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:lanes`
}

/** Of each destination and audience, what the destination calls its list. */
export function listsKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:lists`
}
