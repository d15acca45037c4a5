/** Reads the definition of a draft, in the shape of a preview's: an audience, or a computed trait by its `kind`. */
import { z } from 'zod'
import type { DefinitionSource, DefinitionType } from '../model/definition.ts'
import { PREVIEW_KEY } from '../model/preview.ts'
import { invalid, parsed } from './fields.ts'
import { readAudience, readComputedTrait } from './requests.ts'

const Draft = z
  .object({
    kind: z.enum(['audience', 'computed_trait']).default('audience'),
    definition: z.object({}).loose(),
  })
  .loose()

/**
 * Throws an EngineError that names the field at fault.
 * @param type the type that the definition has, and may leave out
 */
export function readDraft(body: unknown, type: DefinitionType, now: number): DefinitionSource {
  const { kind, definition, ...rest } = parsed(Draft, body)
  const name = 'draft'
  const { source } =
    kind === 'audience'
      ? readAudience({ audienceType: type, ...rest, definition, name }, now)
      : readComputedTrait({ ...rest, definition: { type, ...definition }, name }, now)
  if (source.type === type) return { ...source, key: PREVIEW_KEY }
  const field = kind === 'audience' ? 'audienceType' : 'definition.type'
  throw invalid(field, `expected ${type}, as the profile is one, got ${source.type}`)
}
