/** Tables of what may be offered: which destinations are denied or off, and what each needs besides its settings. */

const SANDBOX = 'a sandbox of the vendor, not a destination of its own'
const ENGAGE = 'part of Segment Engage; Segment has removed it since'
const SEGMENT_BUCKET = "writes people's data to a bucket of Segment's unless told otherwise"
const AWS_SOCKETS = "opens connections of its own by Amazon's SDK, which no guard of addresses sees"
const AWS_IDENTITY = `${AWS_SOCKETS}, and takes the identity of the machine that it runs on`

/** Never offered: folder → why. */
export const DENIED = new Map([
  ['engage-messaging-sendgrid', ENGAGE],
  ['engage-messaging-twilio', ENGAGE],
  ['google-sheets-dev', 'a version of Google Sheets that Segment develops with'],
  ['liveramp-audiences', SEGMENT_BUCKET],
  ['memora-internal', "internal to Segment's owner"],
  ['noop', 'does nothing, for tests of Segment'],
  ['responsys', "posts what it has done to Segment's tracking API"],
  ['segment', "leaves its calls to Segment's own pipeline, and sends nothing itself"],
  ['segment-profiles', 'writes to spaces of Segment Engage'],
  ['the-trade-desk-crm', `${SEGMENT_BUCKET}, with the secret token beside it`],
  ['tiktok-conversions-sandbox', SANDBOX],
  ['tiktok-offline-conversions-sandbox', SANDBOX],
  ['twilio-studio', "reads profiles of Segment's Profile API"],
])

/** Shown with the reason why none can be made: folder → why. */
export const OFF = new Map([
  ['acoustic-s3tc', AWS_SOCKETS],
  ['amazon-eventbridge', AWS_IDENTITY],
  ['aws-kinesis', AWS_IDENTITY],
  ['aws-s3', AWS_IDENTITY],
  ['delivrai-activate', "posts to the vendor's server for development, and takes nobody out of an audience"],
  ['google-data-manager', 'its actions send nothing yet'],
  ['kafka', 'opens connections of its own, which no guard of addresses sees'],
  ['memora', "posts to the vendor's staging unless ACTIONS_MEMORA_ENV is `production`"],
  ['s3', AWS_IDENTITY],
  ['sftp', 'opens connections of its own, which no guard of addresses sees'],
  ['twilio-messaging-omnichannel', 'its action sends nothing yet'],
])

/** OAuth by what stands in the settings: these need no app of one's own, nor a consent in a browser. */
export const CLIENT_CREDENTIALS = new Set([
  '1plusx-asset-api',
  'acoustic',
  'listrak',
  'm3ter',
  'marketo-static-lists',
  'salesforce-marketing-cloud',
  'taboola-actions',
])

/** Variables that a destination does without. */
const OPTIONAL_VARIABLES = new Set([
  'ACTIONS_MEMORA_ENV',
  'AWS_REGION',
  'KAFKA_PRODUCER_REQUEST_TIMEOUT_MS',
  'KAFKA_PRODUCER_TTL_MS',
])

/** @returns `{ availability, reason? }` */
export function availabilityOf(folder) {
  if (DENIED.has(folder)) return { availability: 'denied', reason: DENIED.get(folder) }
  if (OFF.has(folder)) return { availability: 'off', reason: OFF.get(folder) }
  return { availability: 'offered' }
}

/** The hardest to come by of what is needed. An OAuth app may need variables too: `environment` has these. */
export function needsOf(folder, authentication, environment) {
  if (CLIENT_CREDENTIALS.has(folder)) return 'client_credentials'
  if (authentication.startsWith('oauth')) return 'oauth_app'
  return environment.some((name) => !OPTIONAL_VARIABLES.has(name)) ? 'partner_secret' : 'settings'
}
