/**
 * The state beside the engine of a space that is restored under another id. It must not act as the one that it came
 * from: it has credentials of its own, and tells destinations nothing until they are enabled.
 */
import type { SourceRecord, TokenRecord } from '../model/space-command.ts'
import type { SpaceRest } from './recovery.ts'
import { DEFAULT_SOURCE_ID } from './sources.ts'

export interface NewCredentials {
  readonly token: TokenRecord
  readonly writeKey: string
}

/** @param credentials its first ones; undefined if the environment gives them */
export function movedSpace(rest: SpaceRest, credentials: NewCredentials | undefined, now: number): SpaceRest {
  const { registry, deliveries } = rest
  return {
    ...rest,
    registry: {
      ...registry,
      tokens: credentials ? [credentials.token] : [],
      sources: movedSources(registry.sources ?? [], credentials?.writeKey, now),
    },
    ...(deliveries && {
      deliveries: {
        ...deliveries,
        targets: deliveries.targets.map(({ record, ...others }) => ({
          ...others,
          record: { ...record, enabled: false },
        })),
      },
    }),
  }
}

/** All keys go: calls that come with them are the other space's. */
function movedSources(sources: readonly SourceRecord[], writeKey: string | undefined, now: number): SourceRecord[] {
  const keyless = sources.map((source) => ({ ...source, writeKeys: [] }))
  if (writeKey === undefined) return keyless.filter(({ id }) => id !== DEFAULT_SOURCE_ID)
  const writeKeys = [{ key: writeKey, createdAt: now }]
  const first = keyless.find(({ id }) => id === DEFAULT_SOURCE_ID)
  const base = first ?? { id: DEFAULT_SOURCE_ID, name: 'Default', createdAt: now }
  return [{ ...base, enabled: true, writeKeys }, ...keyless.filter((source) => source !== first)]
}
