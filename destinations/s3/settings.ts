/** The settings of objects in a bucket. Names of objects have characters alone that every store and URL takes as is. */
import { isIP } from 'node:net'
import { z } from 'zod'

const SECRET = /^[\x21-\x7e]+$/

const Endpoint = z
  .url({ protocol: /^https?$/, error: 'A URL that begins with http:// or https:// was expected.' })
  .max(2_048)
  .refine(isPlain, 'A URL without credentials, query and fragment was expected.')

export const ObjectStoreSettings = z
  .strictObject({
    bucket: z
      .string()
      .regex(
        /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        'The name of a bucket was expected: 3 to 63 small letters, digits, dots and hyphens.',
      )
      .describe('The bucket that objects are put into.'),
    region: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, 'The name of a region was expected, such as eu-central-1.')
      .default('us-east-1')
      .describe('Requests are signed for it; `auto` at some stores.'),
    endpoint: Endpoint.optional().describe('The URL of another store than AWS.'),
    addressing: z
      .enum(['virtual_host', 'path'])
      .optional()
      .describe(
        'The bucket stands in the name of the host, or in the path. By default `path` at an endpoint, and at AWS for a ' +
          'bucket with a dot in its name.',
      ),
    prefix: z
      .string()
      .max(512)
      .regex(/^[\w.=/-]*$/, 'Letters, digits and - _ . = / were expected.')
      .refine(hasPlainSegments, 'A prefix that does not begin with /, and has no //, /./ or /../, was expected.')
      .default('')
      .describe('The names of all objects begin with it: `rollcall/`.'),
    accessKeyId: z
      .string()
      .regex(/^[\w.@:+~-]{1,128}$/, 'An access key id was expected.')
      .describe('Names the key that signs requests.'),
    secretAccessKey: z
      .string()
      .max(512)
      .regex(SECRET, 'A secret access key was expected, without spaces.')
      .describe('The key that signs requests.'),
    sessionToken: z
      .string()
      .max(8_192)
      .regex(SECRET, 'A session token was expected, without spaces.')
      .optional()
      .describe('Goes with a temporary key.'),
    format: z.enum(['ndjson', 'csv']).default('ndjson').describe('A call for each line, as JSON or as CSV.'),
    gzip: z.boolean().default(false).describe('Compresses each object.'),
    batchSize: z.int().min(1).max(10_000).default(10_000).describe('Calls in an object, at most.'),
    everySeconds: z.int().min(1).max(86_400).default(60).describe('How long changes are gathered for one object.'),
    timeoutSeconds: z.number().min(1).max(60).default(30).describe('How long it may take to put an object.'),
  })
  .refine(({ endpoint, addressing }) => addressing !== 'virtual_host' || !isAddress(endpoint), {
    path: ['addressing'],
    error: 'path was expected, as the endpoint is an address, not a name.',
  })

export type ObjectStoreSettings = z.output<typeof ObjectStoreSettings>

function isPlain(text: string): boolean {
  if (!URL.canParse(text)) return true
  const { username, password, search, hash } = new URL(text)
  return [username, password, search, hash].every((part) => part === '')
}

/** URLs leave out what `.` and `..` stand for. The last segment is the beginning of a name. */
function hasPlainSegments(prefix: string): boolean {
  const segments = prefix.split('/')
  const folders = segments.slice(0, -1)
  return folders.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

function isAddress(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false
  return isIP(new URL(endpoint).hostname.replace(/^\[(.*)\]$/, '$1')) !== 0
}
