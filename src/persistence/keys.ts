/** Every key of Redis that the product uses. A space's keys share a hash tag, so that they lie on one node. */

export function journalKey(spaceId: string): string {
  return `rollcall:{${spaceId}}:journal`
}
