/** The first credentials of a space that the environment does not name. */
import { randomBytes } from 'node:crypto'
import { digestOf } from '../http/access.ts'
import { newId } from '../model/new-id.ts'
import type { TokenRecord } from '../model/space-command.ts'

export interface SpaceCredentials {
  readonly accessToken: string
  readonly writeKey: string
  /** The record of the token: an admin's. */
  readonly token: TokenRecord
}

export function firstCredentials(now: number): SpaceCredentials {
  const [accessToken, writeKey] = [newSecret(), newSecret()]
  const digest = digestOf(accessToken)
  const token = { id: newId('tok', now), description: 'First token', role: 'admin', digest, createdAt: now } as const
  return { accessToken, writeKey, token }
}

function newSecret(): string {
  return randomBytes(24).toString('base64url')
}
