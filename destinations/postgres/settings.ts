/**
 * The settings of a Postgres: a server, by a connection string or by its parts, and the schema in which the tables are.
 */
import { X509Certificate } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import { z } from 'zod'
import { HOST, PORT, readConnectionString, type ServerAddress } from './connection-string.ts'

/** The parts of a server that a connection string names, too. */
const PARTS = ['host', 'port', 'database', 'user', 'password'] as const

const Name = z
  .string()
  .max(63)
  .regex(/^[^\0]+$/, 'A name was expected.')

export const PostgresSettings = z
  .strictObject({
    connectionString: z
      .string()
      .max(2_048)
      .optional()
      .describe('postgresql://user:password@host:port/database, in place of these five.'),
    host: z
      .string()
      .regex(HOST, 'The name or address of one host was expected, and no socket.')
      .optional()
      .describe('Where Postgres is, by name or address.'),
    port: z.int().min(1).max(65_535).optional().describe(`Its port; ${PORT} by default.`),
    database: Name.optional(),
    user: Name.optional().describe('Who makes the tables and writes them.'),
    password: z
      .string()
      .max(1_024)
      .regex(/^[^\0]*$/, 'Text was expected.')
      .optional(),
    tls: z
      .enum(['off', 'require', 'verify'])
      .optional()
      .describe('require: encrypted, to whoever answers. verify, the default: the certificate is checked, too.'),
    ca: z
      .string()
      .max(100_000)
      .refine(isCertificate, 'Certificates as PEM were expected.')
      .optional()
      .describe('Certificates of those who sign that of the server, as PEM; by default those that Node knows.'),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'At most 63 of a-z, 0-9 and _ were expected, with no digit in front.')
      .refine((schema) => !/^(pg_|information_schema$)/.test(schema), 'This schema is one of Postgres itself.')
      .default('rollcall')
      .describe('The schema of the tables; made if it is not there.'),
    batchSize: z.int().min(1).max(10_000).default(1_000).describe('Calls in a transaction.'),
    timeoutSeconds: z.number().min(1).max(60).default(10).describe('How long a transaction may take.'),
  })
  .superRefine(({ connectionString, ...settings }, context) => {
    const refuse = (name: string, message: string): void => context.addIssue({ code: 'custom', path: [name], message })
    if (connectionString === undefined) {
      if (PARTS.every((name) => settings[name] === undefined))
        refuse('connectionString', 'A connection string was expected, or host, database and user.')
      else
        for (const name of ['host', 'database', 'user'] as const)
          if (settings[name] === undefined) refuse(name, 'This was expected, as there is no connectionString.')
    } else {
      for (const name of PARTS)
        if (settings[name] !== undefined) refuse(name, 'It is part of connectionString; only one was expected.')
      const address = readConnectionString(connectionString)
      if (typeof address === 'string') refuse('connectionString', address)
      else if (settings.tls && address.tls && settings.tls !== address.tls)
        refuse('tls', 'The sslmode of connectionString says something else; only one was expected.')
    }
    if (settings.ca !== undefined && settings.tls !== undefined && settings.tls !== 'verify')
      refuse('ca', 'It was expected with tls verify alone.')
  })

export type PostgresSettings = z.output<typeof PostgresSettings>

/** The server that settings name, and how a connection to it is encrypted. */
export interface PostgresServer extends Omit<ServerAddress, 'tls'> {
  /** False: not at all. */
  readonly tls: false | ConnectionOptions
}

/** @param settings as they were checked */
export function serverOf(settings: PostgresSettings): PostgresServer {
  const { tls: mode, ...address } = addressOf(settings)
  const { tls = mode ?? 'verify', ca } = settings
  if (tls === 'off') return { ...address, tls: false }
  return { ...address, tls: tls === 'require' ? { rejectUnauthorized: false } : ca === undefined ? {} : { ca } }
}

function addressOf({ connectionString, ...settings }: PostgresSettings): ServerAddress {
  const { host = '', port = PORT, database = '', user = '', password = '' } = settings
  const address = connectionString === undefined ? undefined : readConnectionString(connectionString)
  return typeof address === 'object' ? address : { host, port, database, user, password, tls: undefined }
}

function isCertificate(text: string): boolean {
  const all = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  try {
    return all.map((one) => new X509Certificate(one)).length > 0
  } catch {
    return false
  }
}
