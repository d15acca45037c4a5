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
