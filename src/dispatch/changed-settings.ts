/**
 * Puts settings that are given together with those that are there.
 *
 * C1. A secret that is given back masked stays; a setting that is given as null goes.
 * C2. Secrets that are held go to no other host than whoever gave them has named.
 * C3. The tokens of an app stay with it when it is given again, for the same hosts.
 */
import { isDeepStrictEqual } from 'node:util'
import type { DestinationType } from '../../destinations/contract/destination.ts'
import { MASK } from '../model/destination-admin.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonObject, JsonValue } from '../model/json.ts'

/**
 * Throws an EngineError that names the setting which would send secrets elsewhere.
 * @param held the settings that are there, with their secrets; undefined: it is new
 */
export function changedSettings(type: DestinationType, settings: JsonObject, held: JsonObject | undefined): JsonObject {
  const isGiven = ([name, value]: [string, JsonValue]): boolean => value !== MASK || !type.secrets.includes(name)
  const given: JsonObject = Object.fromEntries(Object.entries(settings).filter(isGiven))
  const oauth = held && withTokens(given['oauth'], held['oauth'])
  const all: JsonObject = { ...held, ...given, ...(oauth && { oauth }) }
  const whole: JsonObject = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
  if (!held) return whole
  const isKept = (name: string): boolean =>
    Object.hasOwn(held, name) && (!Object.hasOwn(given, name) || (name === 'oauth' && oauth !== undefined))
  checkHosts(type, { whole, held, kept: type.secrets.filter(isKept) })
  return whole
}

/** Keeps C2. */
function checkHosts(
  { hosts = [] }: DestinationType,
  { whole, held, kept }: { readonly whole: JsonObject; readonly held: JsonObject; readonly kept: readonly string[] },
): void {
  const changed = hosts.find((name) => !isDeepStrictEqual(whole[name], held[name]))
  if (changed === undefined || kept.length === 0) return
  const field = `settings.${changed}`
  const message = `${field}: changes where requests go; give the secrets anew (${kept.join(', ')})`
  throw new EngineError('validation_error', message, field)
}

/** Returns an app with its tokens, if it is given again without them; undefined for another, and for other tokens. */
function withTokens(given: JsonValue | undefined, held: JsonValue | undefined): JsonObject | undefined {
  if (!isObject(given) || !isObject(held)) return undefined
  const { clientId, accessToken, refreshToken } = given
  const isSame = clientId !== undefined && clientId === held['clientId']
  return isSame && accessToken === undefined && refreshToken === undefined ? { ...held, ...given } : undefined
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
