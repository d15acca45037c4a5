/** The source that the Profile API reads, put together from the space of the server. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import { SegmentIds } from '../model/segment-id.ts'
import type { ProfileSource } from '../profile-api/profile-source.ts'
import type { Pipeline } from '../space/pipeline.ts'
import { ProfileReads } from '../space/profile-reads.ts'

export function profileSourceOf(spaceId: string, pipeline: Pipeline): ProfileSource<SpaceActor> {
  const { shard, reads } = pipeline
  const profiles = new ProfileReads({
    shard,
    reads,
    segmentIds: new SegmentIds(spaceId),
    relieve: () => pipeline.relieve(),
    breathe: () => nextTurn(),
  })
  return {
    find: (collection, name, withUsers) => profiles.find(collection, name, withUsers),
    catalogue: () => reads.catalogue(),
    exactSince: (profile, definition) => shard.exactSince(profile, definition),
    segmentIdOf: (profile) => profiles.segmentIdOf(profile),
    expiryOf: (profile) => profiles.expiryOf(profile),
    eventsOf: (profile, query) => profiles.eventsOf(profile, query),
    linkedTo: (profile, range) => profiles.linkedTo(profile, range),
    list: (collection, range) => profiles.list(collection, range),
    search: (collection, sought, range) => profiles.search(collection, sought, range),
  }
}
