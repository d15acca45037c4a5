/** The server, put together: HTTP, and the spaces that it leads to. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Router } from 'express'
import { demonstrationRouter } from '../console/demonstration-router.ts'
import { consoleRouter } from '../console/router.ts'
import { Sessions } from '../console/sessions.ts'
import { controlErrorBody } from '../control-api/router.ts'
import { type NodesApiOptions, nodesRouter } from '../control-api/node-router.ts'
import { spacesRouter } from '../control-api/space-router.ts'
import type { ShopScale } from '../demonstration/people.ts'
import type { ExportLimits } from '../exports/exports.ts'
import { Access, borneToken } from '../http/access.ts'
import { type AnsweredRequest, type AppOptions, createApp, createStartingApp, type Surface } from '../http/app.ts'
import { type DirectListener, directListener } from '../http/direct.ts'
import type { HttpApp } from '../http/express-listener.ts'
import { createMetrics } from '../http/metrics.ts'
import { oauthCallbackRouter } from '../http/oauth-callback.ts'
import { type HttpServer, type ListenOptions, listen } from '../http/server.ts'
import { callRoute, callTaker, type IngestOptions, ingestErrorBody } from '../ingest/calls.ts'
import { ingestRouter } from '../ingest/router.ts'
import { LinkServer } from '../link/link-server.ts'
import { tunnelListener } from '../link/tunnel.ts'
import { profileErrorBody } from '../profile-api/router.ts'
import { WRITER_LIMITS } from '../journal/writer.ts'
import type { SpaceAdmin } from '../model/space-record.ts'
import { setTimer } from '../model/timer.ts'
import type { Trace } from '../model/trace.ts'
import type { Pipeline } from '../space/pipeline.ts'
import type { PipelineOptions } from '../space/pipeline-options.ts'
import { type AlertSettings, AlertWatch } from './alerts.ts'
import { Demonstration } from './demonstration.ts'
import { type DispatchOptions, dispatchToSpaces } from './dispatch.ts'
import type { Edges } from './edges.ts'
import { FairTurns } from './fair-turns.ts'
import { HeldClock } from './held-clock.ts'
import { ingestTargets } from './ingest-targets.ts'
import { linkedCalls } from './linked-calls.ts'
import { openApiRouter } from './openapi.ts'
import { type Installation, Spaces, type SpacesOptions } from './spaces.ts'
import { type SurfaceConfig, spaceSurfaces } from './surfaces.ts'
import { requestSpan } from './tracing.ts'
import { traitsRoute } from './traits-route.ts'

export interface ServerConfig extends SurfaceConfig, ListenOptions {
  /** The space that the environment names. */
  readonly spaceId: string
  readonly writeKey: string
  readonly accessToken: string
  /** The installation's token; undefined: `accessToken` is. */
  readonly adminToken?: string
  /** The folder for the files of exports; undefined: one among the system's temporary ones. */
  readonly exportsDirectory?: string
  readonly exportLimits?: ExportLimits
  /** Where alerts are posted; undefined: nowhere. */
  readonly alerts?: AlertSettings
  /** Takes spans of what is done; undefined: nothing is traced. */
  readonly trace?: Trace | undefined
  /** The size of the demonstration, if there is one; undefined: the usual one. */
  readonly demonstration?: ShopScale
  /** The processes that lead requests to it; undefined: there are none. */
  readonly edges?: Pick<Edges, 'secret' | 'start'>
  /** Called with its address, before it is ready. */
  readonly onListening?: (url: string) => void
  /** Called when the journal of a space is another process's: the server must end. */
  readonly onLost?: (cause: unknown) => void
}

export interface RunningServer {
  readonly url: string
  /** That of the first space, as long as it has not been opened again. */
  readonly pipeline: Pipeline
  readonly spaces: Spaces
  /** Answers the requests under way, then ends; the journals stay open. */
  stop(): Promise<void>
}

/** The files of the console, where the build leaves them: beside the compiled server. */
const CONSOLE_FOLDER = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../../dist/web' : '../../web')

/** Listens, refuses all requests until the first journal has been read, and then serves. Port 0: any that is free. */
export async function startServer(
  config: ServerConfig,
  log: Logger,
  installation: Installation,
  options: Omit<PipelineOptions, 'journal' | 'checkpoints'>,
): Promise<RunningServer> {
  const http = await listen({ app: createStartingApp() }, config)
  config.onListening?.(http.url)
  const onLost = (cause: unknown) => config.onLost?.(cause)
  const parts = partsOf(config, options, { log, installation, onLost, isNode: false })
  const { spaces, clock, targets, heldClock, watch } = parts
  config.edges?.start(toldOf(config, parts).onAnswer)
  try {
    await spaces.openFirst()
    const { pipeline } = spaces.first!
    const { timer = setTimer } = options
    const demonstration = new Demonstration({ spaces, targets, heldClock, clock, timer, log }, config.demonstration)
    http.become(httpAppOf(config, { ...parts, admin: spaces, isReady: () => spaces.isReady, demonstration }))
    const links = config.edges && takeLinks(http, config.edges.secret, config, parts)
    const others = spaces
      .openOthers()
      .then(() => demonstration.start())
      .catch((cause: unknown) => {
        log.error({ err: cause }, 'the spaces beside the first cannot be listed')
      })
    const stop = async (): Promise<void> => {
      watch?.stop()
      await demonstration.stop()
      await Promise.all([spaces.dismiss(), links?.stop(), http.close()])
      await spaces.stop()
      await others
    }
    return { url: http.url, pipeline, spaces, stop }
  } catch (error) {
    watch?.stop()
    // The first space may have failed beside its opening: it is not opened again.
    await Promise.all([spaces.stop(), http.close()])
    throw error
  }
}

/** Has edge processes of this machine send calls over links. */
function takeLinks(http: HttpServer, secret: string, config: ServerConfig, parts: ServerParts): LinkServer {
  const take = linkedCalls({
    targets: parts.targets,
    firstId: config.spaceId,
    serves: () => true,
    count: () => () => undefined,
    told: toldOf(config, parts),
  })
  const onTrouble = (cause: unknown) => parts.log.warn({ err: cause }, 'a link was cut')
  const links = new LinkServer({ secret, take, afterTurn: setImmediate, timer: setTimer, onTrouble })
  http.onConnect(tunnelListener(links, secret))
  return links
}

/** The parts of a server, whichever way its spaces come to it. */
export interface ServerParts {
  readonly spaces: Spaces
  readonly access: Access
  readonly metrics: ReturnType<typeof createMetrics>
  readonly log: Logger
  /** Epoch ms. */
  readonly clock: () => number
  readonly heldClock: HeldClock
  readonly targets: IngestOptions
  /** Undefined: nobody is told of troubles. */
  readonly watch: AlertWatch | undefined
}

export function partsOf(
  config: ServerConfig,
  options: Omit<PipelineOptions, 'journal' | 'checkpoints'>,
  ofSpaces: Pick<SpacesOptions, 'log' | 'installation' | 'onLost' | 'isNode'>,
): ServerParts {
  const { log } = ofSpaces
  const { spaceId: firstId, exportsDirectory, exportLimits } = config
  const { clock = Date.now } = options
  const metrics = createMetrics()
  const heldClock = new HeldClock(clock)
  const access = new Access({
    installation: new Map(
      config.adminToken === undefined ? [[config.accessToken, 'environment']] : [[config.adminToken, 'administrator']],
    ),
    // The environment's token of the first space, where an installation has another.
    given: config.adminToken === undefined ? undefined : { token: config.accessToken, spaceId: firstId },
    spaces: () => spaces.opened(),
  })
  const spaces: Spaces = new Spaces({
    ...ofSpaces,
    firstId,
    writeKey: config.writeKey,
    serverOptionsOf: (id, ofSpace) => ({
      spaceId: id,
      log: ofSpace,
      metrics: metrics.ofSpace(id),
      trace: config.trace,
      exportsDirectory:
        exportsDirectory === undefined || id === firstId ? exportsDirectory : `${exportsDirectory}-${id}`,
      exportLimits,
      pipeline: {
        ...options,
        ...(isDemonstration(spaces, id) && { clock: heldClock.now }),
        onFailure: (cause) => {
          options.onFailure?.(cause)
          watch?.faulted(id)
        },
        onSetAside: (cause) => {
          options.onSetAside?.(cause)
          watch?.faulted(id)
        },
      },
    }),
    surfacesOf: (id, server) => spaceSurfaces({ ...config, spaceId: id, access }, server),
  })
  const watch = config.alerts && watchOf(config.alerts, options, { spaces, metrics, log, clock })
  return { spaces, access, metrics, log, clock, heldClock, targets: targetsOf(spaces, clock), watch }
}

/** The parts, with those in which a server by itself and a node of a cluster differ. */
export interface HttpAppOptions extends ServerParts {
  /** The operations on all spaces that there are. */
  readonly admin: SpaceAdmin
  readonly isReady: () => boolean
  /** Undefined: there is none. */
  readonly demonstration?: Demonstration
  /** Asked before everything else. */
  readonly front?: DirectListener
  /** Those of a cluster; undefined: there are none. */
  readonly nodes?: Pick<NodesApiOptions, 'list' | 'drain'>
  readonly nodeId?: string
}

function isDemonstration(spaces: Spaces, id: string): boolean {
  return spaces.find(id)?.record.isDemonstration === true
}

/** Nobody is told of troubles of the demonstration. */
function* watched(spaces: Spaces): ReturnType<Spaces['runningOrFailed']> {
  for (const space of spaces.runningOrFailed()) if (!isDemonstration(spaces, space.id)) yield space
}

function watchOf(
  settings: AlertSettings,
  { checkpointLimits, timer = setTimer }: Pick<PipelineOptions, 'checkpointLimits' | 'timer'>,
  { spaces, metrics, log, clock }: Pick<ServerParts, 'spaces' | 'metrics' | 'log' | 'clock'>,
): AlertWatch {
  const running = () => watched(spaces)
  return new AlertWatch({ settings, checkpointLimits, spaces: running, log, clock, timer, count: metrics.countNotice })
}

const NO_NODES: Pick<NodesApiOptions, 'list' | 'drain'> = { list: () => [], drain: () => Promise.resolve() }

/** Makes what is told of answers: counts, spans and logs. */
export function toldOf(
  { trace }: Pick<ServerConfig, 'trace'>,
  { metrics, log, clock }: Pick<ServerParts, 'metrics' | 'log' | 'clock'>,
): Pick<AppOptions, 'onFault' | 'onAnswer'> {
  return {
    onFault: (cause, requestId) => log.error({ err: cause, requestId }, 'a request has failed'),
    onAnswer: (answer, context) => {
      metrics.countAnswer(answer)
      trace?.(requestSpan(answer, context, clock()))
      logAnswer(log, answer)
    },
  }
}

/** Makes what answers once the spaces can be asked. */
export function httpAppOf(config: ServerConfig, options: HttpAppOptions): HttpApp {
  const { spaceId: firstId, publicUrl, certificate } = config
  const {
    spaces,
    access,
    metrics,
    clock,
    targets,
    admin,
    isReady,
    demonstration,
    nodeId,
    nodes = NO_NODES,
    front,
  } = options
  const ofToken = { access, spaces, firstId }
  const told = toldOf(config, options)
  const take = callTaker(targets)
  const isSecure = certificate !== undefined
  const sessions = new Sessions({ clock, publicUrl, nodeId })
  const grantOf = (authorization: string | undefined) => access.grantOf(borneToken(authorization))
  const pages = consoleRouter({
    folder: CONSOLE_FOLDER,
    sessions,
    grantOf,
    isSecure: isSecure || publicUrl?.startsWith('https:') === true,
  })
  const ofConsole = [...(demonstration ? [demonstrationRouter({ grantOf, demonstration })] : []), pages]
  const surfaces = surfacesOf(
    Router().use(...ofConsole, nodesRouter({ ...nodes, grantOf }), routerOf(ofToken, clock, admin)),
    ingestRouter({ take, isWriteKey: (key) => targets.targetOf(undefined, key) !== undefined, isSecure }),
  )
  const direct = directListener({ routes: [callRoute(take), traitsRoute(ofToken)], ...told })
  return {
    direct: (request, response) => {
      sessions.authorize(request)
      return front?.(request, response) === true || direct(request, response)
    },
    app: createApp({ surfaces, isReady, metrics, ...told }),
  }
}

function targetsOf(spaces: Spaces, clock: () => number): IngestOptions {
  const turns = new FairTurns({
    now: () => performance.now(),
    afterTurn: setImmediate,
    isShared: () => spaces.size > 1,
    waitingMax: { requests: WRITER_LIMITS.submissionsMax, bytes: WRITER_LIMITS.bytesMax },
  })
  return ingestTargets(spaces, turns, clock)
}

/** Makes the router to all spaces, and to what is none's. */
function routerOf(ofToken: DispatchOptions, clock: () => number, admin: SpaceAdmin): Router {
  const { access, spaces } = ofToken
  return Router().use(
    openApiRouter(),
    oauthCallbackRouter({
      finish: async (state, answer) => {
        for (const { server } of spaces.opened()) {
          const { authorizations } = server.delivery
          if (authorizations.has(state)) return authorizations.finish(state, answer)
        }
        return undefined
      },
    }),
    spacesRouter({ grantOf: (authorization) => access.grantOf(borneToken(authorization)), clock, spaces: admin }),
    dispatchToSpaces(ofToken),
  )
}

function surfacesOf(spaces: Router, ingest: Router): Surface[] {
  return [
    { router: spaces, paths: ['/v1/spaces', '/v1/namespaces'], errorBody: profileErrorBody },
    {
      router: Router(),
      paths: ['/spaces', '/regulations', '/suppressions', '/queues', '/app'],
      errorBody: controlErrorBody,
    },
    { router: ingest, paths: ['/v1', '/analytics.js', '/analytics-next'], errorBody: ingestErrorBody },
  ]
}

function logAnswer(log: Logger, answer: AnsweredRequest): void {
  if (answer.status >= 500) log.warn(answer, 'answered')
  else log.debug(answer, 'answered')
}
