/** Records in the shapes of Segment's Public API. */
import { formatInstant } from '../model/time.ts'
import type { PresentSize } from '../model/audience-size.ts'
import type { DefinitionProgress, DefinitionRecord } from '../model/space-command.ts'

/** A definition as it is shown, with how far it has come if it is not live yet. */
export interface ShownDefinition {
  readonly record: DefinitionRecord
  readonly progress: DefinitionProgress | undefined
  /** In a list, of an audience that is live. */
  readonly size: PresentSize | undefined
}

export function audienceView(shown: ShownDefinition, spaceId: string): object {
  const { query, type } = shown.record.source
  const { size } = shown
  return {
    ...commonView(shown, spaceId),
    definition: { query },
    audienceType: type,
    ...(size && { size: { count: size.count, type }, entered24h: size.entered24h, left24h: size.left24h }),
  }
}

export function computedTraitView(shown: ShownDefinition, spaceId: string): object {
  const { query, type } = shown.record.source
  return { ...commonView(shown, spaceId), definition: { type, query } }
}

function commonView({ record, progress }: ShownDefinition, spaceId: string) {
  const { id, name, description, enabled, createdAt, updatedAt, source, options } = record
  return {
    id,
    spaceId,
    name,
    description,
    key: source.key,
    enabled,
    status: enabled ? (progress ? 'Computing' : 'Live') : 'Disabled',
    ...(enabled && progress && { progress: progressView(progress) }),
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
    options,
  }
}

function progressView({ share, liveAt }: DefinitionProgress) {
  return { share, ...(liveAt !== undefined && { expectedLiveAt: formatInstant(liveAt) }) }
}
