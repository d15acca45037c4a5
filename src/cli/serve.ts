/** `rollcall serve`: the server, put together. The one place that reads the environment. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Logger, pino } from 'pino'
import { z } from 'zod'
import type { SpaceCommand } from '../control-api/record.ts'
import { controlErrorBody, controlRouter } from '../control-api/router.ts'
import { type Answer, createApp, type Surface } from '../http/app.ts'
import { Credentials } from '../http/credentials.ts'
import { type HttpServer, listen } from '../http/server.ts'
import { ingestErrorBody, ingestRouter } from '../ingest/router.ts'
import { EngineError } from '../model/errors.ts'
import { MemoryJournal } from '../persistence/memory-journal.ts'
import { Pipeline, type PipelineOptions } from '../pipeline.ts'
import { profileErrorBody, profileRouter } from '../profile-api/router.ts'

/** The source of the write key that the environment gives. */
const SOURCE_ID = 'default'

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  HOST: z.string().min(1).default('127.0.0.1'),
  SPACE_ID: z.string().regex(/^\w+$/).default('default'),
  WRITE_KEY: z.string().min(1).optional(),
  ACCESS_TOKEN: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

export interface ServerConfig {
  readonly host: string
  readonly port: number
  readonly spaceId: string
  readonly writeKey: string
  readonly accessToken: string
}

export interface RunningServer {
  readonly url: string
  readonly pipeline: Pipeline
  /** Answers what has come in, then ends. */
  stop(): Promise<void>
}

/** Runs until the process is told to end, or the pipeline cannot go on. */
export async function serve(): Promise<void> {
  const environment = readEnvironment(process.env)
  const config: ServerConfig = {
    host: environment.HOST,
    port: environment.PORT,
    spaceId: environment.SPACE_ID,
    writeKey: environment.WRITE_KEY ?? newSecret(),
    accessToken: environment.ACCESS_TOKEN ?? newSecret(),
  }
  const log = pino({ level: environment.LOG_LEVEL })
  const failed = new AbortController()
  const journal = new MemoryJournal<SpaceCommand>()
  const server = await startServer(config, log, { journal, onFailure: () => failed.abort() })
  if (environment.WRITE_KEY === undefined) process.stdout.write(`Write key (new): ${config.writeKey}\n`)
  if (environment.ACCESS_TOKEN === undefined) process.stdout.write(`Access token (new): ${config.accessToken}\n`)
  log.info({ url: server.url, space: config.spaceId }, 'listening; state is in memory only and ends with the process')
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), once(failed.signal, 'abort')])
  log.info('stopping')
  await server.stop()
  await journal.close()
  if (failed.signal.aborted) process.exitCode = 1
}

/** Opens the pipeline and listens. Port 0: any that is free. */
export async function startServer(config: ServerConfig, log: Logger, options: PipelineOptions): Promise<RunningServer> {
  const pipeline = await Pipeline.open({
    ...options,
    onFailure: (cause) => {
      log.fatal({ err: cause }, 'the pipeline has failed')
      options.onFailure?.(cause)
    },
    onSetAside: (cause) => log.error({ err: cause }, 'a message was set aside'),
  })
  const app = createApp({
    surfaces: surfacesOf(config, pipeline, options.clock ?? Date.now),
    isReady: () => pipeline.isOpen,
    onFault: (cause, requestId) => log.error({ err: cause, requestId }, 'a request has failed'),
    onAnswer: (answer) => logAnswer(log, answer),
  })
  const http = await listen(app, config)
  return { url: http.url, pipeline, stop: () => stop(http, pipeline) }
}

function surfacesOf(config: ServerConfig, pipeline: Pipeline, clock: () => number): Surface[] {
  const { shard, registry } = pipeline
  const sources = new Map([[config.writeKey, SOURCE_ID]])
  const credentials = new Credentials({ spaceId: config.spaceId, accessToken: config.accessToken, sources })
  const profiles = profileRouter({
    spaceOf: (authorization) => credentials.spaceOfBasic(authorization),
    find: (collection, id) => pipeline.find(collection, id),
    definitions: () => shard.definitions.inputs(),
  })
  const control = controlRouter({
    spaceOf: (authorization) => credentials.spaceOfBearer(authorization),
    clock,
    command: (command) => pipeline.command(command),
    find: (id, kind) => registry.find(id, kind),
    list: (kind) => registry.list(kind),
  })
  const ingest = ingestRouter({
    sourceOf: (authorization, writeKey) => credentials.sourceOf(authorization, writeKey),
    ingest: (request) => pipeline.ingest(request),
  })
  return [
    { router: profiles, paths: ['/v1/spaces', '/v1/namespaces'], errorBody: profileErrorBody },
    { router: control, paths: ['/spaces'], errorBody: controlErrorBody },
    { router: ingest, paths: ['/v1'], errorBody: ingestErrorBody },
  ]
}

/** Requests that are under way keep their answers: first no new ones, then the pipeline. */
async function stop(http: HttpServer, pipeline: Pipeline): Promise<void> {
  await http.close()
  await pipeline.stop()
}

function logAnswer(log: Logger, answer: Answer): void {
  if (answer.status >= 500) log.warn(answer, 'answered')
  else log.debug(answer, 'answered')
}

function readEnvironment(environment: NodeJS.ProcessEnv): z.infer<typeof Environment> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const result = Environment.safeParse(given)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  throw new EngineError('validation_error', `${path.join('.')}: ${message}`, path.join('.'))
}

function newSecret(): string {
  return randomBytes(24).toString('base64url')
}
