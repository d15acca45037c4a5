/** Whether settings of a destination work: asks it, without telling anybody about a person. */
import { DeliveryError, type DestinationContext } from '../../destinations/contract/destination.ts'
import { destinationType, parseSettings } from '../../destinations/registry.ts'
import type { JsonObject } from '../model/json.ts'

/** What is wrong; undefined where they work, or nothing can be asked. */
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
