/**
 * The settings of a webhook. Headers that say how the request is framed, sent or signed are ours; a header's value
 * may be a credential, so headers are secret as a whole.
 */
import { z } from 'zod'

const RESERVED_HEADERS =
  /^(host|content-(length|type)|transfer-encoding|connection|keep-alive|user-agent|accept-encoding|expect|upgrade|te|trailer|x-signature|webhook-.*|proxy-.*)$/i
const HEADERS_MAX = 32

const HeaderName = z
  .string()
  .max(128)
  .regex(/^[!#$%&'*+.^_`|~\w-]+$/, 'The name of a header has letters, digits and hyphens.')
  .refine((name) => !RESERVED_HEADERS.test(name), 'This header is set by the server itself.')

const HeaderValue = z
  .string()
  .max(4_096)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'The value of a header is one line of Latin letters.')

export const WebhookSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'A URL that begins with http:// or https:// was expected.' })
    .max(2_048)
    .refine(hasNoCredentials, 'The URL has credentials in it; use headers for those.')
    .describe('Where calls are posted.'),
  sharedSecret: z
    .string()
    .max(512)
    .regex(/^\S{8,}( \S{8,})?$/, 'One secret of at least 8 characters, or two with a space between, was expected.')
    .optional()
    .describe('Signs each request. Two, with a space between, while one replaces the other; the first is the newer.'),
  headers: z
    .record(HeaderName, HeaderValue)
    .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, `At most ${HEADERS_MAX} headers were expected.`)
    .optional()
    .describe('Sent with each request.'),
  batchSize: z.int().min(1).max(4_000).default(1).describe('Calls in a request. From 2 on, the body is an array.'),
  requestsPerSecond: z.int().min(1).max(10_000).optional().describe('The most that are sent.'),
  timeoutSeconds: z.number().min(1).max(30).default(5).describe('How long an answer may take.'),
})

export type WebhookSettings = z.output<typeof WebhookSettings>

function hasNoCredentials(url: string): boolean {
  if (!URL.canParse(url)) return true
  const { username, password } = new URL(url)
  return username === '' && password === ''
}
