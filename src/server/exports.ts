/** Exports and lists of members, put together: over the space, in turns of the server's event loop. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ExportLimits, Exports } from '../exports/exports.ts'
import type { TraitReading } from '../exports/exported-definition.ts'
import { MemberPages } from '../exports/member-pages.ts'
import type { DefinitionSource } from '../model/definition.ts'
import type { SegmentIds } from '../model/segment-id.ts'
import { setTimer, type SetTimer } from '../model/timer.ts'
import type { TraitCatalogue } from '../model/trait-catalogue.ts'
import { traitValue } from '../profile-api/traits.ts'
import type { WalkContext } from '../space/actor-walk.ts'
import type { Pipeline } from '../space/pipeline.ts'
import { numbersOf } from '../space/space.ts'

export interface ExportSetup {
  readonly segmentIds: SegmentIds
  readonly clock: () => number
  readonly timer: SetTimer | undefined
  /** The folder for the files; undefined: one among the system's temporary ones. */
  readonly directory: string | undefined
  readonly limits: ExportLimits
}

/** Makes what goes over a space in turns of this event loop. */
export function walkContextOf(pipeline: Pipeline): WalkContext {
  return {
    shard: pipeline.shard,
    load: (pages) => pipeline.reads.load(pages),
    relieve: () => pipeline.relieve(),
    elapsedMs: () => performance.now(),
    breathe: () => nextTurn(),
  }
}

export function exportsOf(
  pipeline: Pipeline,
  { segmentIds, clock, timer = setTimer, directory, limits }: ExportSetup,
): { readonly exports: Exports; readonly members: MemberPages } {
  const { shard, reads } = pipeline
  const numberOf = numbersOf(shard)
  const context = {
    ...walkContextOf(pipeline),
    catchUp: () => pipeline.catchUp(),
    numberOf: ({ type, key }: DefinitionSource) => numberOf(type, key),
    traits: () => readingOf(reads.catalogue()),
    clock,
  }
  return {
    exports: new Exports({ context, timer, directory, limits }),
    members: new MemberPages({ ...context, segmentIds }),
  }
}

function readingOf(catalogue: TraitCatalogue): TraitReading {
  return {
    audienceOfAccounts: (name) => {
      const shown = catalogue.of('users').get(name)
      return shown?.isOfAccounts ? shown.id : undefined
    },
    read: (profile, collection, name) => traitValue(profile, collection, catalogue, name),
  }
}
