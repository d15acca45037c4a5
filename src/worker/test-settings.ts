/** Tests the settings of a destination: asks it, without telling it about any person. */
import { DeliveryError, type DestinationContext } from '../../destinations/contract/destination.ts'
import { destinationType, parseSettings } from '../../destinations/registry.ts'
import type { JsonObject } from '../model/json.ts'

/** Resolves with what is wrong; undefined if the settings work, or the type has no test. */
export async function testSettings(
  slug: string,
  settings: JsonObject,
  context: DestinationContext,
): Promise<{ reason: string; message: string } | undefined> {
  const type = destinationType(slug)
  if (!type) return { reason: 'unknown_type', message: 'There is no such type of destination' }
  const parsed = parseSettings(type, settings)
  const destination = type.connect(parsed, context)
  try {
    await destination.testConnection?.(AbortSignal.timeout(type.limits(parsed).timeoutMs))
    return undefined
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    return { reason: error.reason, message: error.message }
  } finally {
    await destination.close?.()
  }
}
