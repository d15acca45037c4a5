/** The token with which a request was made, for the commands that come of it: the audit log names it. */
import { AsyncLocalStorage } from 'node:async_hooks'

const acting = new AsyncLocalStorage<string | undefined>()

/** Runs an act, and all that it waits for, as of a token. */
export function actAs(tokenId: string | undefined, act: () => void): void {
  acting.run(tokenId, act)
}

/** Returns the id of the token; undefined outside of a request. */
export function actingToken(): string | undefined {
  return acting.getStore()
}
