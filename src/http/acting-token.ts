/** The token with which a request was made, for the commands that come of it: the audit log names it. */
import type { Response } from 'express'

const NAME = 'actingToken'

/** Gives a command as of the token of the request that is answered; resolves when it is durable and applied. */
export type CommandAs<Command> = (command: Command, response: Response) => Promise<void>

export function noteActing({ locals }: Response, tokenId: string | undefined): void {
  locals[NAME] = tokenId
}

/** Returns the id of the token; undefined if it acts for nobody. */
export function actingToken({ locals }: Response): string | undefined {
  return locals[NAME] as string | undefined
}
