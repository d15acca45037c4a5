/** The settings of the server, from the environment. The one place that reads it. */
import { join, resolve } from 'node:path'
import { LARGE_MEMORY } from '../../actors/memory/actor-memory.ts'
import { z } from 'zod'
import type { AllowPrivate } from '../../destinations/contract/address-guard.ts'
import { WebhookSettings } from '../../destinations/webhook/settings.ts'
import { CHECKPOINT_LIMITS } from '../checkpoints/checkpoint-schedule.ts'
import type { CertificateFiles } from '../http/certificate.ts'
import { urlOf } from '../http/server.ts'
import { EngineError } from '../model/errors.ts'
import { clusterAddressOf, isRedisAddress, REDIS_ADDRESSES } from '../redis/address.ts'
import { RETENTION_SETTINGS } from '../model/retention.ts'
import type { PipelineOptions } from '../space/pipeline-options.ts'
import { TRAITS_LIMIT, TRAITS_LIMIT_MAX } from '../profile-api/query.ts'
import type { AlertSettings } from './alerts.ts'
import type { DeliverySettings } from './deliveries.ts'
import type { SecretsSettings } from './secrets-keys.ts'
import { EXPORT_LIMITS, type ExportLimits } from '../exports/exports.ts'

/** Whoever can guess the secret of a cluster can send it calls that nobody checks. */
const SECRET_LENGTH_MIN = 32

const Variables = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  HOST: z.string().min(1).default('127.0.0.1'),
  TLS_CERT: z.string().min(1).optional(),
  TLS_KEY: z.string().min(1).optional(),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .refine(isPublicUrl, 'expected https://… without credentials, ? and #; or http://… of this machine')
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  DATA_DIR: z.string().min(1).default('./data'),
  REDIS_URL: z.string().refine(isRedisAddress, `expected ${REDIS_ADDRESSES}`).optional(),
  QUEUE_REDIS_URL: z.string().refine(isRedisAddress, `expected ${REDIS_ADDRESSES}`).optional(),
  SECRETS_KEY: z.string().optional(),
  SECRETS_KEY_PREVIOUS: z.string().optional(),
  DESTINATIONS_ALLOW_PRIVATE: z.string().optional(),
  ALERTS_URL: z.optional(WebhookSettings.shape.url),
  ALERTS_SECRET: z.optional(WebhookSettings.shape.sharedSecret),
  ALERTS_SIZE_PERCENT: z.coerce.number().min(0).default(50),
  ALERTS_SIZE_COUNT: z.coerce.number().int().min(0).default(1_000),
  JOURNAL_FSYNC: z.enum(['always', 'everysec']).default('always'),
  JOURNAL_REPLICAS: z.coerce.number().int().min(0).max(5).default(0),
  SPACE_ID: z.string().regex(/^\w+$/).default('default'),
  WRITE_KEY: z.string().min(1).optional(),
  ACCESS_TOKEN: z.string().min(1).optional(),
  ADMIN_TOKEN: z.string().min(1).optional(),
  HISTORY_DAYS: z.coerce.number().int().min(1).max(RETENTION_SETTINGS.historyDays.max).default(90),
  HISTORY_EVENTS_MAX: z.coerce.number().int().min(1).default(10_000),
  ANONYMOUS_DAYS: z.coerce.number().int().min(1).max(RETENTION_SETTINGS.anonymousDays.max).default(365),
  PROFILES_MAX: z.coerce.number().int().min(1).max(RETENTION_SETTINGS.profilesMax.max).default(10_000_000),
  CHECKPOINT_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  PROFILES_MEMORY_MB: z.coerce.number().int().min(16).default(512),
  EXPORTS_DISK_MB: z.coerce.number().int().min(1).default(4096),
  DEDUP_IDS_MAX: z.coerce.number().int().min(1).default(50_000_000),
  PROFILE_API_RATE: z.coerce.number().int().min(0).max(1_000_000).default(0),
  TRAITS_LIMIT: z.coerce.number().int().min(1).max(TRAITS_LIMIT_MAX).default(TRAITS_LIMIT),
  EDGES: z.coerce.number().int().min(0).max(64).default(0),
  OWNERSHIP: z.enum(['single', 'bullmq', 'static']).default('single'),
  ROLES: z
    .string()
    .regex(/^(edge|engine)(,(edge|engine))*$/, 'expected edge, engine or edge,engine')
    .default('edge,engine'),
  NODE_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  CLUSTER_SECRET: z.string().min(SECRET_LENGTH_MIN).optional(),
  STANDBYS: z.coerce.number().int().min(0).max(1).default(1),
  LOCK_SECONDS: z.coerce.number().min(1).max(120).optional(),
  NODES: z.coerce.number().int().min(1).max(1_000).default(1),
  NODE_ORDINAL: z.coerce.number().int().min(0).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  ROLLCALL_URL: z.url().optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

/** Nodes of a cluster must be given alike what a server by itself would make. */
const SHARED_BY_NODES = ['REDIS_URL', 'QUEUE_REDIS_URL', 'SECRETS_KEY', 'WRITE_KEY', 'ACCESS_TOKEN'] as const

const Environment = Variables.superRefine((variables, context) => {
  const { TLS_CERT, TLS_KEY, EDGES, OWNERSHIP, NODES, NODE_ORDINAL, REDIS_URL, JOURNAL_REPLICAS } = variables
  const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
  if (OWNERSHIP !== 'single')
    for (const name of SHARED_BY_NODES)
      if (variables[name] === undefined) issue(name, `expected the same of every node, as OWNERSHIP is ${OWNERSHIP}`)
  if (OWNERSHIP === 'static' && (NODE_ORDINAL === undefined || NODE_ORDINAL >= NODES))
    issue('NODE_ORDINAL', `expected a number from 0 to ${NODES - 1}, as OWNERSHIP is static`)
  if (JOURNAL_REPLICAS > 0 && REDIS_URL === undefined)
    issue('JOURNAL_REPLICAS', 'expected 0, as REDIS_URL names no Redis: the private one has no replicas')
  if (EDGES > 0 && OWNERSHIP !== 'single')
    issue('EDGES', `expected 0, as OWNERSHIP is ${OWNERSHIP}: edges of a cluster are nodes with ROLES=edge`)
  if ((TLS_CERT === undefined) === (TLS_KEY === undefined)) return
  const [missing, given] = TLS_CERT === undefined ? ['TLS_CERT', 'TLS_KEY'] : ['TLS_KEY', 'TLS_CERT']
  issue(missing, `expected a PEM file, as ${given} names one; got none`)
})

/** A lock must outlast the failover of a master in a Redis Cluster, or all nodes lose their spaces by it. */
const LOCK_SECONDS = { single: 5, cluster: 12 }
const DAY_MS = 86_400_000
const MEGABYTE = 1024 * 1024
/** A `messageId` is known at least so long, unless more than `DEDUP_IDS_MAX` come. */
const DEDUPLICATION_MS = DAY_MS

export type Settings = z.infer<typeof Environment>

/** The server that a command asks, and the token that it sends. */
export interface ClientOptions {
  /** `http://127.0.0.1:8080`. */
  readonly url: string
  /** The file of the certificate that the server must show, whatever its name; undefined: one that is trusted. */
  readonly certificate?: string | undefined
  readonly spaceId: string
  /** Undefined: the token in the data directory, which the server made. */
  readonly accessToken: string | undefined
  readonly dataDirectory: string
}

/** Settings that a command line gives, in the place of the environment's. */
export type CommandSettings = Partial<Record<'ROLES', string>>

/** Reads the settings. Throws an EngineError that names the variable at fault. An empty value counts as none. */
export function readSettings(given: CommandSettings = {}): Settings {
  const result = Environment.safeParse({ ...Object.fromEntries(givenEnvironment()), ...given })
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  throw new EngineError('validation_error', `${path.join('.')}: ${message}`, path.join('.'))
}

/** Reads a variable that is no setting of the server: one that a file of definitions names. */
export function environmentVariable(name: string): string | undefined {
  return givenEnvironment().get(name)
}

/** Reads how commands reach a running server. */
export function clientOptions(): ClientOptions {
  const { HOST, PORT, TLS_CERT, SPACE_ID, ACCESS_TOKEN, DATA_DIR, ROLLCALL_URL } = readSettings()
  return {
    url: ROLLCALL_URL ?? urlOf({ isTls: TLS_CERT !== undefined, host: reachable(HOST), port: PORT }),
    certificate: ROLLCALL_URL === undefined ? TLS_CERT : undefined,
    spaceId: SPACE_ID,
    accessToken: ACCESS_TOKEN,
    dataDirectory: DATA_DIR,
  }
}

/** Returns an address of this machine at which a server that listens on `host` is reached. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

/** Returns the files of the certificate; undefined if the server speaks HTTP. */
export function certificateFiles({ TLS_CERT, TLS_KEY }: Settings): CertificateFiles | undefined {
  return TLS_CERT !== undefined && TLS_KEY !== undefined ? { certificate: TLS_CERT, key: TLS_KEY } : undefined
}

/** Returns the bounds of the pipeline. */
export function pipelineSettings(
  settings: Settings,
): Required<Pick<PipelineOptions, 'retention' | 'deduplication' | 'memory' | 'residentBytesMax' | 'checkpointLimits'>> {
  return {
    retention: {
      historyMs: settings.HISTORY_DAYS * DAY_MS,
      eventsMax: settings.HISTORY_EVENTS_MAX,
      anonymousMs: settings.ANONYMOUS_DAYS * DAY_MS,
      profilesMax: settings.PROFILES_MAX,
    },
    deduplication: { horizonMs: DEDUPLICATION_MS, idsMax: settings.DEDUP_IDS_MAX },
    memory: LARGE_MEMORY,
    residentBytesMax: settings.PROFILES_MEMORY_MB * MEGABYTE,
    checkpointLimits: { ...CHECKPOINT_LIMITS, intervalMs: settings.CHECKPOINT_SECONDS * 1000 },
  }
}

/** Returns the path of the socket that edge processes of a data directory use. */
export function edgeSocketPath({ DATA_DIR }: Pick<Settings, 'DATA_DIR'>): string {
  return join(resolve(DATA_DIR), 'engine.sock')
}

/** A node's part in a cluster. */
export interface ClusterSettings {
  readonly ownership: 'bullmq' | 'static'
  readonly isEngine: boolean
  /** True if each space is followed by another node than its own. */
  readonly hasStandbys: boolean
  readonly url: string | undefined
  /** Undefined: there is none. */
  readonly secret: string | undefined
  readonly lockMs: number
  readonly nodes: number
  readonly ordinal: number
}

/** Returns the part of a node in its cluster; undefined for a server by itself. */
export function clusterSettings(settings: Settings): ClusterSettings | undefined {
  const { OWNERSHIP: ownership, ROLES, NODE_URL: url, REDIS_URL, NODES: nodes, NODE_ORDINAL: ordinal = 0 } = settings
  if (ownership === 'single') return undefined
  const isRedisCluster = REDIS_URL !== undefined && clusterAddressOf(REDIS_URL) !== undefined
  const lockSeconds = settings.LOCK_SECONDS ?? LOCK_SECONDS[isRedisCluster ? 'cluster' : 'single']
  return {
    ownership,
    isEngine: ROLES.includes('engine'),
    // Where it is settled who has which space, nobody takes one over.
    hasStandbys: settings.STANDBYS > 0 && ownership === 'bullmq',
    url,
    secret: settings.CLUSTER_SECRET,
    lockMs: lockSeconds * 1000,
    nodes,
    ordinal,
  }
}

/** Returns the bounds of exports. */
export function exportSettings({ EXPORTS_DISK_MB }: Settings): ExportLimits {
  return { ...EXPORT_LIMITS, bytesMax: EXPORTS_DISK_MB * MEGABYTE }
}

/** Returns the settings of the keys of secrets. */
export function secretsSettings(
  settings: Pick<Settings, 'DATA_DIR' | 'SECRETS_KEY' | 'SECRETS_KEY_PREVIOUS'>,
): SecretsSettings {
  return {
    dataDirectory: settings.DATA_DIR,
    key: settings.SECRETS_KEY,
    previous: settings.SECRETS_KEY_PREVIOUS?.split(',').map((one) => one.trim()) ?? [],
  }
}

/** Returns the settings of deliveries. */
export function deliverySettings(settings: Settings): DeliverySettings {
  return {
    ...secretsSettings(settings),
    address: settings.QUEUE_REDIS_URL ?? settings.REDIS_URL,
    allowPrivate: allowedAddresses(settings),
  }
}

/** Returns where alerts are posted; undefined: nowhere. */
export function alertSettings(settings: Settings): AlertSettings | undefined {
  const { ALERTS_URL: url, ALERTS_SECRET, ALERTS_SIZE_PERCENT: sizePercent, ALERTS_SIZE_COUNT: sizeCount } = settings
  if (url === undefined) return undefined
  const secrets = ALERTS_SECRET?.split(' ') ?? []
  return { url, secrets, allowPrivate: allowedAddresses(settings), sizePercent, sizeCount }
}

function allowedAddresses({ DESTINATIONS_ALLOW_PRIVATE: allowed }: Settings): AllowPrivate {
  if (allowed === undefined) return false
  return allowed === 'all' ? true : allowed.split(',').map((one) => one.trim())
}

/** A code comes to it that is worth tokens: beyond this machine, it is encrypted. */
function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, search, hash } = new URL(text)
  if (username !== '' || password !== '' || search !== '' || hash !== '') return false
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

function givenEnvironment(): ReadonlyMap<string, string | undefined> {
  return new Map(Object.entries(process.env).filter(([, value]) => value !== ''))
}
