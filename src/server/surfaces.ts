/** The APIs of the server, each connected to the space. */
import { Router } from 'express'
import type { ConnectionApiOptions } from '../control-api/connection-router.ts'
import { readJson } from '../control-api/body.ts'
import { readDraft } from '../control-api/draft-body.ts'
import { regulationRouter } from '../control-api/regulation-router.ts'
import { controlErrorBody, controlRouter } from '../control-api/router.ts'
import type { SpaceOutbox } from '../outbox/space-outbox.ts'
import type { Surface } from '../http/app.ts'
import { Credentials, tokenName } from '../http/credentials.ts'
import { ingestErrorBody, ingestRouter } from '../ingest/router.ts'
import type { DestinationAdmin } from '../model/destination-admin.ts'
import type { Pipeline } from '../space/pipeline.ts'
import { TRAITS_LIMIT } from '../profile-api/query.ts'
import { explainRouter } from '../profile-api/explain-router.ts'
import { peopleRouter } from '../profile-api/people-router.ts'
import { profileErrorBody, profileRouter } from '../profile-api/router.ts'
import { explainDefinition, explainDraft } from '../space/explain.ts'
import { numbersOf } from '../space/space.ts'
import type { QueueBoardOptions } from './queue-board.ts'
import type { Previews } from '../space/previews.ts'
import type { TransitionFeed } from '../space/transition-feed.ts'
import type { RunningDeliveries } from './deliveries.ts'
import type { Exports } from '../exports/exports.ts'
import type { MemberPages } from '../exports/member-pages.ts'
import { profileSourceOf } from './profile-source.ts'

/** The source of the write key that the environment gives. */
const SOURCE_ID = 'default'

export interface SurfaceConfig {
  readonly spaceId: string
  readonly writeKey: string
  readonly accessToken: string
  /** Requests a second that a token may make to the Profile API; 0, as by default: any number. */
  readonly profileApiRate?: number
  /** Traits on a page, if a request does not say how many. */
  readonly traitsLimit?: number
}

/** The parts of the server, beside its pipeline, that its APIs lead to. */
export interface SurfaceParts {
  readonly clock: () => number
  readonly delivery: RunningDeliveries
  readonly previews: Previews
  readonly feed: TransitionFeed
  readonly exports: Exports
  readonly members: MemberPages
}

export function surfacesOf(
  config: SurfaceConfig,
  pipeline: Pipeline,
  { clock, delivery, previews, feed, exports, members }: SurfaceParts,
): Surface[] {
  const { registry, shard } = pipeline
  const numberOf = numbersOf(shard)
  const sources = new Map([[config.writeKey, SOURCE_ID]])
  const credentials = new Credentials({
    spaceId: config.spaceId,
    accessToken: config.accessToken,
    sources,
    isToken: (digest) => registry.tokens.has(digest),
  })
  const profiles = profileRouter({
    spaceOf: (authorization) => credentials.spaceOfAny(authorization),
    tokenOf: tokenName,
    profiles: profileSourceOf(config.spaceId, pipeline),
    clock,
    rate: config.profileApiRate ?? 0,
    traitsLimit: config.traitsLimit ?? TRAITS_LIMIT,
    feed,
  })
  const explanations = explainRouter({
    spaceOf: (authorization) => credentials.spaceOfAny(authorization),
    profiles: profileSourceOf(config.spaceId, pipeline),
    explain: (profile, definition) => explainDefinition(shard, definition, profile, clock()),
    explainDraft: (profile, source) => explainDraft(shard, source, profile, clock()),
    readJson: readJson(),
    readDraft: (body, type) => readDraft(body, type, clock()),
  })
  const people = peopleRouter({
    spaceOf: (authorization) => credentials.spaceOfAny(authorization),
    profiles: profileSourceOf(config.spaceId, pipeline),
    command: (command) => pipeline.command(command),
  })
  const regulations = regulationRouter({
    spaceOf: (authorization) => credentials.spaceOfBearer(authorization),
    clock,
    command: (command) => pipeline.command(command),
    regulations: registry.regulations,
    suppressions: shard.suppressions,
  })
  const control = controlRouter({
    spaceOf: (authorization) => credentials.spaceOfBearer(authorization),
    clock,
    command: (command) => pipeline.command(command),
    find: (id, kind) => registry.find(id, kind),
    list: (kind) => registry.list(kind),
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
    previews,
    feed,
    exports,
    members,
    ...connectionsOf(pipeline.outbox, delivery.admin),
  })
  const ingest = ingestRouter({
    sourceOf: (authorization, writeKey) => credentials.sourceOf(authorization, writeKey),
    refusal: (bytes) => pipeline.refusal(bytes),
    ingest: (request) => pipeline.ingest(request),
  })
  const board = boardOnDemand({
    isAllowed: (authorization) => credentials.spaceOfBasic(authorization) !== undefined,
    queues: () => delivery.queues(),
  })
  return [
    { router: profiles, paths: ['/v1/spaces', '/v1/namespaces'], errorBody: profileErrorBody },
    { router: explanations, paths: ['/v1/spaces', '/v1/namespaces'], errorBody: profileErrorBody },
    { router: people, paths: ['/v1/spaces', '/v1/namespaces'], errorBody: profileErrorBody },
    { router: control, paths: ['/spaces'], errorBody: controlErrorBody },
    { router: regulations, paths: ['/regulations', '/suppressions'], errorBody: controlErrorBody },
    { router: board, paths: ['/queues'], errorBody: controlErrorBody },
    { router: ingest, paths: ['/v1', '/analytics.js', '/analytics-next'], errorBody: ingestErrorBody },
  ]
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
      waiting: (id) => {
        const connection = outbox.connection(id)
        if (connection?.status !== 'waiting for approval') return undefined
        return connection.hold ? connection.heldCount : connection.sync?.members
      },
    },
  }
}
