/** Records in the shapes of Segment's Public API. */
import { formatInstant } from '../model/time.ts'
import type { DefinitionRecord } from '../model/space-command.ts'

export function audienceView(record: DefinitionRecord, spaceId: string): object {
  const { query, type } = record.source
  return { ...commonView(record, spaceId), definition: { query }, audienceType: type }
}

export function computedTraitView(record: DefinitionRecord, spaceId: string): object {
  const { query, type } = record.source
  return { ...commonView(record, spaceId), definition: { type, query } }
}

function commonView(
  { id, name, description, enabled, createdAt, updatedAt, source, options }: DefinitionRecord,
  spaceId: string,
) {
  return {
    id,
    spaceId,
    name,
    description,
    key: source.key,
    enabled,
    status: enabled ? 'Live' : 'Disabled',
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
    options,
  }
}
