/** Finds the space that a request's calls are for, by its write key. */
import { basicUser } from '../http/access.ts'
import type { IngestOptions, IngestTarget } from '../ingest/calls.ts'
import type { FairTurns } from './fair-turns.ts'
import type { SpaceServer } from './space-server.ts'
import type { Spaces } from './spaces.ts'

export function ingestTargets(spaces: Spaces, turns: FairTurns, clock: () => number): IngestOptions {
  /** Made once for each source. */
  const targets = new WeakMap<SpaceServer, Map<string, IngestTarget>>()
  const targetIn = (spaceId: string, server: SpaceServer, sourceId: string): IngestTarget => {
    let ofSpace = targets.get(server)
    if (!ofSpace) targets.set(server, (ofSpace = new Map<string, IngestTarget>()))
    let target = ofSpace.get(sourceId)
    if (!target) ofSpace.set(sourceId, (target = newTarget(spaceId, server, sourceId, turns)))
    return target
  }
  const targetOf = (key: unknown): IngestTarget | undefined => {
    if (typeof key !== 'string') return undefined
    for (const { id, server } of spaces.opened()) {
      const sourceId = server.pipeline.registry.sources.sourceOf(key, clock())
      if (sourceId !== undefined) return targetIn(id, server, sourceId)
    }
    return undefined
  }
  return {
    targetOf: (authorization, bodyKey) => targetOf(basicUser(authorization) ?? bodyKey),
    refusal: (bytes) => (spaces.size === 1 ? spaces.first?.pipeline.refusal(bytes) : undefined),
    areAllKnown: () => spaces.areAllKnown,
  }
}

function newTarget(
  spaceId: string,
  { pipeline, traffic }: SpaceServer,
  sourceId: string,
  turns: FairTurns,
): IngestTarget {
  return {
    spaceId,
    sourceId,
    traffic,
    refusal: (bytes) => pipeline.refusal(bytes),
    inTurn: (bytes, act) => turns.run(spaceId, bytes, act),
    ingest: (request) => pipeline.ingest(request),
  }
}
