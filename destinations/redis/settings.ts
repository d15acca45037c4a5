/** The settings of a Redis that other services read. The password is apart from the URL, so that the URL is shown. */
import { z } from 'zod'

const PLAIN_URL = 'A URL such as redis://host:6379/0 or rediss://host was expected, without credentials and parameters.'

export const RedisSettings = z
  .strictObject({
    url: z
      .string()
      .max(2_048)
      .refine(isRedisUrl, PLAIN_URL)
      .describe('The server: `redis://host:port/database`, or `rediss://` with TLS.'),
    username: z.string().min(1).max(512).optional().describe('The user, if it is not the default one.'),
    password: z.string().min(1).max(4_096).optional().describe('Its password.'),
    ca: z
      .string()
      .max(65_536)
      .regex(/^\s*-----BEGIN CERTIFICATE-----\s/, 'Certificates as PEM were expected.')
      .optional()
      .describe('Authorities that sign its certificate, as PEM, in place of those that Node trusts.'),
    keyPrefix: z
      .string()
      .max(128)
      .regex(/^[\x21-\x7e]*$/, 'One word was expected.')
      .default('rollcall:')
      .describe('The names of all keys begin with it.'),
    layout: z
      .enum(['sets', 'keys', 'both'])
      .default('sets')
      .describe('A set of its members for each audience, a key for each value of an identity, or both.'),
    ttlSeconds: z
      .int()
      .min(60)
      .max(31_536_000)
      .optional()
      .describe('Keys of values expire so long after they were written last; sets never do.'),
    batchSize: z.int().min(1).max(1_000).default(100).describe('Calls that are written at once, at most.'),
    timeoutSeconds: z.number().min(1).max(30).default(5).describe('How long an answer may take.'),
  })
  .refine(({ username, password }) => username === undefined || password !== undefined, {
    path: ['password'],
    error: 'The password of the user was expected.',
  })
  .refine(({ url, ca }) => ca === undefined || url.startsWith('rediss:'), {
    path: ['ca'],
    error: 'A URL that begins with rediss:// was expected with it.',
  })
  .refine(({ layout, ttlSeconds }) => layout !== 'sets' || ttlSeconds === undefined, {
    path: ['ttlSeconds'],
    error: 'The layout keys or both was expected with it: the members of a set do not expire.',
  })

export type RedisSettings = z.output<typeof RedisSettings>

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, pathname, username, password, search, hash } = new URL(text)
  const isPlain = [username, password, search, hash].every((part) => part === '')
  return /^rediss?:$/.test(protocol) && hostname !== '' && /^\/?\d{0,5}$/.test(pathname) && isPlain
}
