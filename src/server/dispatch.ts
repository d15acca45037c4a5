/**
 * Leads a request to the space that it is for, if its token opens that, and may do there what is asked. The space's own
 * APIs refuse a token that nobody was given, and a space that the token does not open.
 */
import type { RequestHandler } from 'express'
import { noteActing } from '../http/acting-token.ts'
import { type Access, borneToken, type Grant, mayActAs, tokenOf } from '../http/access.ts'
import { requiredRole } from '../http/required-role.ts'
import { EngineError } from '../model/errors.ts'
import type { OpenSpace, Spaces } from './spaces.ts'

export const PROFILE_API = /^\/v1\/(?:spaces|namespaces)\/([^/]*)(?:\/|$)/
const CONTROL_API = /^\/spaces\/([^/]+)\/./
/** Paths of the space that a token opens. */
export const TOKENS_SPACE = /^\/(?:regulations|suppressions|queues)(?:\/|$)/

export interface DispatchOptions {
  readonly access: Access
  readonly spaces: Spaces
  readonly firstId: string
}

export function dispatchToSpaces({ access, spaces, firstId }: DispatchOptions): RequestHandler {
  return (request, response, next) => {
    const { path } = request
    const named = spaceIn(path)
    if (named === undefined) {
      next()
      return
    }
    const authorization = request.get('authorization')
    const grant = access.grantOf(CONTROL_API.test(path) ? borneToken(authorization) : tokenOf(authorization))
    const { id, space } = spaceFor({ spaces, firstId }, named, grant)
    response.locals['spaceId'] = id
    const needed = requiredRole(request.method, path)
    if (grant && !mayActAs(grant.role, needed))
      throw new EngineError(
        'forbidden',
        `Authorization: expected the token of an ${needed}, got that of a ${grant.role}`,
      )
    noteActing(response, grant?.tokenId)
    space.router(request, response, next)
  }
}

/**
 * Returns the space that a request is for: that of its token, or else the one that its path names, or else the first.
 * Throws an EngineError if it cannot be asked at present.
 */
export function spaceFor(
  { spaces, firstId }: Pick<DispatchOptions, 'spaces' | 'firstId'>,
  named: string,
  grant: Grant | undefined,
): { readonly id: string; readonly space: OpenSpace } {
  if (!grant && !spaces.areAllKnown) throw new EngineError('unavailable', 'Some spaces are being opened; try again')
  // The first space may be another node's: any space refuses a token that nobody was given.
  const id = grant?.spaceId ?? ((grant && spaces.has(named)) || !spaces.has(firstId) ? named : firstId)
  const space = spaces.open(id)
  if (!space?.server.pipeline.isOpen) throw new EngineError('unavailable', 'The space is being opened; try again')
  return { id, space }
}

/** Returns the id of the space that a path names; '' for the token's own; undefined if it is no path of a space. */
function spaceIn(path: string): string | undefined {
  const named = PROFILE_API.exec(path) ?? CONTROL_API.exec(path)
  if (named) return decoded(named[1]!)
  return TOKENS_SPACE.test(path) ? '' : undefined
}

/** Returns an id out of a path; as it is, if it is none that can be decoded. */
export function decoded(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}
