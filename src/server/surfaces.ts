/** The APIs of a space, each connected to it. */
import { Router } from 'express'
import type { SpaceActor } from '../../actors/actor/space-actor.ts'
import type { ConnectionApiOptions } from '../control-api/connection-router.ts'
import { readJson } from '../control-api/body.ts'
import { readDraft } from '../control-api/draft-body.ts'
import { regulationRouter } from '../control-api/regulation-router.ts'
import { controlRouter } from '../control-api/router.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import { actingToken, type CommandAs } from '../http/acting-token.ts'
import { type Access, basicUser, borneToken, tokenName, tokenOf } from '../http/access.ts'
import type { DestinationAdmin } from '../model/destination-admin.ts'
import type { SpaceCommand } from '../model/space-command.ts'
import type { Pipeline } from '../space/pipeline.ts'
import { TRAITS_LIMIT } from '../profile-api/query.ts'
import { explainRouter } from '../profile-api/explain-router.ts'
import { peopleRouter } from '../profile-api/people-router.ts'
import { type Lookup, type ProfileApiOptions, profileRouter, traitsLookup } from '../profile-api/router.ts'
import { explainDefinition, explainDraft } from '../space/explain.ts'
import { numbersOf } from '../space/space.ts'
import type { QueueBoardOptions } from './queue-board.ts'
import type { Traffic } from '../ingest/traffic.ts'
import type { Previews } from '../space/previews.ts'
import type { TransitionFeed } from '../space/transition-feed.ts'
import type { RunningDeliveries } from './deliveries.ts'
import type { Exports } from '../exports/exports.ts'
import type { Backups } from '../exports/backups.ts'
import type { MemberPages } from '../exports/member-pages.ts'
import { addressedProfile } from './addressed-profiles.ts'
import { profileSourceOf } from './profile-source.ts'

export interface SurfaceConfig {
  /** Requests a second that a token may make to the Profile API; 0, as by default: any number. */
  readonly profileApiRate?: number
  /** Traits on a page, if a request does not say how many. */
  readonly traitsLimit?: number
  /** Where the server is for browsers, without a slash at its end; undefined if nobody has said. */
  readonly publicUrl?: string | undefined
}

export interface SpaceSurfaceConfig extends SurfaceConfig {
  readonly spaceId: string
  readonly access: Access
}

/** The parts of the server, beside its pipeline, that its APIs lead to. */
export interface SurfaceParts {
  readonly clock: () => number
  readonly delivery: RunningDeliveries
  readonly previews: Previews
  readonly feed: TransitionFeed
  readonly exports: Exports
  readonly members: MemberPages
  readonly backups: Backups
  readonly traffic: Traffic
}

/** The APIs of a space. */
export interface SpaceSurfaces {
  readonly router: Router
  /** Undefined if a token may look up traits only so often. */
  readonly lookUpTraits: Lookup | undefined
}

/** Makes the APIs of a space. */
export function spaceSurfaces(
  { spaceId, access, profileApiRate = 0, traitsLimit = TRAITS_LIMIT, publicUrl }: SpaceSurfaceConfig,
  {
    pipeline,
    clock,
    delivery,
    previews,
    feed,
    exports,
    members,
    backups,
    traffic,
  }: SurfaceParts & { readonly pipeline: Pipeline },
): SpaceSurfaces {
  const { registry, shard } = pipeline
  const numberOf = numbersOf(shard)
  const opens = (token: string | undefined): string | undefined => (access.opens(token, spaceId) ? spaceId : undefined)
  const spaceOfAny = (authorization: string | undefined): string | undefined => opens(tokenOf(authorization))
  const spaceOfBearer = (authorization: string | undefined): string | undefined => opens(borneToken(authorization))
  const source = profileSourceOf(spaceId, pipeline)
  const command: CommandAs<SpaceCommand> = (given, response) => pipeline.command(given, actingToken(response))
  const read: ProfileApiOptions<SpaceActor> = {
    spaceOf: spaceOfAny,
    tokenOf: tokenName,
    profiles: source,
    clock,
    rate: profileApiRate,
    traitsLimit,
    feed,
  }
  const explanations = explainRouter({
    spaceOf: spaceOfAny,
    profiles: source,
    explain: (profile, definition) => explainDefinition(shard, definition, profile, clock()),
    explainDraft: (profile, source) => explainDraft(shard, source, profile, clock()),
    readJson: readJson(),
    readDraft: (body, type) => readDraft(body, type, clock()),
  })
  const people = peopleRouter({
    spaceOf: spaceOfAny,
    profiles: source,
    command,
  })
  const regulations = regulationRouter({
    spaceOf: spaceOfBearer,
    clock,
    command,
    regulations: registry.regulations,
    suppressions: shard.suppressions,
  })
  const control = controlRouter({
    spaceOf: spaceOfBearer,
    clock,
    command,
    find: (id, kind) => registry.find(id, kind),
    list: (kind) => registry.list(kind),
    idOf: (source) => registry.idOf(source),
    readersOf: (id) => registry.readersOf(id),
    progressOf: (record) => pipeline.changeOf(record.source),
    observed: pipeline.observed,
    sizeOf: ({ source: { kind, type, key } }) => {
      const number = kind === 'audience' ? numberOf(type, key) : undefined
      return number === undefined ? undefined : pipeline.sizes.now(number, clock())
    },
    sizes: ({ type, key }, period) => {
      const number = numberOf(type, key)
      return number === undefined ? [] : pipeline.sizes.list(number, period)
    },
    tokens: registry.tokens,
    sources: registry.sources,
    traffic,
    audit: pipeline.audit,
    settings: {
      present: () => shard.retention,
      chosen: () => registry.retention,
      choose: (chosen, response) => pipeline.choose(chosen, actingToken(response)),
    },
    previews,
    feed,
    exports,
    members,
    backups,
    addressed: (collection, name) => addressedProfile(source, collection, name),
    publicUrl,
    ...connectionsOf(pipeline.outbox, delivery.admin),
  })
  const board = boardOnDemand({
    isAllowed: (authorization) => opens(basicUser(authorization)) !== undefined,
    queues: () => delivery.queues(),
  })
  return {
    router: Router().use(profileRouter(read), explanations, people, control, regulations, board),
    lookUpTraits: profileApiRate === 0 ? traitsLookup(read) : undefined,
  }
}

/** Loads the board when it is first looked at: it has more modules than the rest of the server. */
function boardOnDemand(options: QueueBoardOptions): Router {
  const router = Router()
  let loading: Promise<Router> | undefined
  router.use('/queues', async (request, response, next) => {
    loading ??= import('./queue-board.ts').then(({ queueBoard }) => queueBoard(options))
    const board = await loading
    board(request, response, next)
  })
  return router
}

function connectionsOf(
  outbox: SpaceOutbox,
  admin: DestinationAdmin,
): Pick<ConnectionApiOptions, 'destinations' | 'connections'> {
  const recordsWhere = (isWanted: (record: { destinationId: string; definitionId: string }) => boolean) =>
    Array.from(outbox.connections(), ({ record }) => record).filter(isWanted)
  return {
    destinations: {
      ...admin,
      list: () => Array.from(outbox.destinations(), ({ record }) => record),
      find: (id) => outbox.destination(id)?.record,
      connectionsTo: (id) => recordsWhere(({ destinationId }) => destinationId === id),
    },
    connections: {
      list: (id) => recordsWhere(({ definitionId }) => definitionId === id),
      status: (id) => outbox.connection(id)?.status ?? 'removed',
      isSyncedBy: (id, activationId) => outbox.connection(id)?.isSyncedBy(activationId) ?? false,
      waiting: (id) => {
        const connection = outbox.connection(id)
        if (connection?.status !== 'waiting for approval') return undefined
        return connection.hold ? connection.heldMemberCount : connection.sync?.members
      },
    },
  }
}
