/** The tables of tools: each with settings as a user gives them, and the requests that it is expected to make. */
import { createHash } from 'node:crypto'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type { ConnectionRecord } from '../../src/model/destination.ts'
import type { Answering } from './vendors.ts'

export interface ExpectedRequest {
  /** `POST https://…` */
  readonly line: string
  /** Besides those of every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** `''` by default: none. */
  readonly body?: JsonValue
}

export interface ToolCase {
  readonly slug: string
  readonly settings: JsonObject
  readonly sends: Partial<ConnectionRecord['sends']>
  /** Headers of every request that tells of members. */
  readonly headers: Readonly<Record<string, string>>
  readonly answer: Answering
  /** The requests that make the audience's list there; absent: the tool has none. */
  readonly created?: readonly ExpectedRequest[]
  /** The requests by which these users enter or leave together. */
  readonly changed: (users: readonly string[], value: boolean) => readonly ExpectedRequest[]
  /** The reason why a call has failed for good whose answer has status 401; `status_401` by default. */
  readonly refused?: string
  /** For OAuth whose tokens can be renewed: the request that does so. */
  readonly renewal?: ExpectedRequest
}

/** An app that has been let in, whose token has expired. */
export const OAUTH = {
  clientId: 'app-id',
  clientSecret: 'app-secret',
  accessToken: 'old-token',
  refreshToken: 'refresh-token',
}

export const RENEWAL_FORM =
  'refresh_token=refresh-token&client_id=app-id&client_secret=app-secret&grant_type=refresh_token'

export const FORM = 'application/x-www-form-urlencoded;charset=UTF-8'

export function emailOf(user: string): string {
  return `${user}@example.com`
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
