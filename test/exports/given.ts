/** The surroundings that exports have in a server, for a space in a test's hands. */
import type { Shard } from '../../actors/engine/shard.ts'
import type { ExportContext } from '../../src/exports/exports.ts'
import type { TraitReading } from '../../src/exports/exported-definition.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { ExportRequest } from '../../src/model/export.ts'
import { TraitCatalogue } from '../../src/model/trait-catalogue.ts'
import { traitValue } from '../../src/profile-api/traits.ts'
import { numbersOf } from '../../src/space/space.ts'

export function exportOf(source: DefinitionSource, rest: Partial<ExportRequest> = {}): ExportRequest {
  return {
    source,
    collection: source.type === 'USERS' ? 'users' : 'accounts',
    format: 'ndjson',
    ids: undefined,
    traits: [],
    isHashed: false,
    hasBom: false,
    ...rest,
  }
}

export function catalogueOf(shard: Shard): TraitCatalogue {
  const inputs = shard.definitions.inputs()
  return new TraitCatalogue(inputs.map(({ id, source }) => ({ id, source, recordId: String(id) })))
}

function readingOf(shard: Shard): TraitReading {
  const catalogue = catalogueOf(shard)
  return {
    audienceOfAccounts: (name) => {
      const shown = catalogue.of('users').get(name)
      return shown?.isOfAccounts ? shown.id : undefined
    },
    read: (profile, collection, name) => traitValue(profile, collection, catalogue, name),
  }
}

/** Each actor takes a turn of its own; `inBetween` is called between two. */
export function contextOf(shard: Shard, inBetween: () => void = () => undefined): ExportContext {
  let now = 0
  const numberOf = numbersOf(shard)
  return {
    shard,
    load: () => Promise.reject(new Error('nothing is out of memory')),
    relieve: () => Promise.resolve(),
    elapsedMs: () => (now += 10),
    breathe: () => {
      inBetween()
      return Promise.resolve()
    },
    catchUp: () => Promise.resolve(),
    numberOf: ({ type, key }) => numberOf(type, key),
    traits: () => readingOf(shard),
  }
}
