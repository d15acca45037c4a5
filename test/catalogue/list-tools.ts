/** Tools that keep a list of each audience's members, which is made there first. */
import { createHmac } from 'node:crypto'
import type { JsonObject } from '../../src/model/json.ts'
import { AT_TEXT, idOf } from './tool.ts'
import { emailOf, FORM, OAUTH, RENEWAL_FORM, sha256, type ToolCase } from './tool-case.ts'

const klaviyo: ToolCase = {
  slug: 'actions-klaviyo',
  settings: { api_key: 'klaviyo-key' },
  sends: { track: true },
  headers: { authorization: 'Klaviyo-API-Key klaviyo-key', revision: '2025-01-15' },
  refused: 'unauthorized',
  answer: ({ method, url }) => {
    if (url.endsWith('/lists')) return { status: 201, body: { data: { id: 'LIST1' } } }
    if (method === 'GET' && url.includes('/lists/LIST1')) return { body: { data: { id: 'LIST1' } } }
    if (method !== 'GET') return { status: 202, body: {} }
    const emails = decodeURIComponent(url).match(/u\d@/g) ?? []
    return { body: { data: emails.map((email) => ({ id: `profile-${email.slice(0, -1)}` })) } }
  },
  created: [
    {
      line: 'POST https://a.klaviyo.com/api/lists',
      headers: { authorization: 'Klaviyo-API-Key klaviyo-key' },
      body: { data: { type: 'list', attributes: { name: 'vips' } } },
    },
  ],
  changed: (users, value) => (value ? klaviyoEntering(users) : klaviyoLeaving(users)),
}

function klaviyoEntering(users: readonly string[]) {
  const data = users.map((user) => ({ type: 'profile', attributes: { email: emailOf(user), location: {} } }))
  return [
    {
      line: 'POST https://a.klaviyo.com/api/profile-bulk-import-jobs/',
      body: {
        data: {
          type: 'profile-bulk-import-job',
          attributes: { profiles: { data } },
          relationships: { lists: { data: [{ type: 'list', id: 'LIST1' }] } },
        },
      },
    },
  ]
}

function klaviyoLeaving(users: readonly string[]) {
  const emails = users.map((user) => `%22${emailOf(user)}%22`).join(',')
  return [
    { line: `GET https://a.klaviyo.com/api/profiles/?filter=any(email,[${emails}])` },
    {
      line: 'DELETE https://a.klaviyo.com/api/lists/LIST1/relationships/profiles/',
      body: { data: users.map((user) => ({ type: 'profile', id: `profile-${user}` })) },
    },
  ]
}

const SENDGRID = 'https://api.sendgrid.com/v3/marketing'

const sendgrid: ToolCase = {
  slug: 'actions-sendgrid-audiences',
  settings: { sendGridApiKey: 'sendgrid-key' },
  sends: { identify: true },
  headers: { authorization: 'Bearer sendgrid-key' },
  refused: 'unknown_error',
  answer: ({ method, url, body }) => {
    if (url.endsWith('/lists'))
      return method === 'GET' ? { body: { result: [] } } : { status: 201, body: { id: 'list-1' } }
    if (!url.endsWith('/search')) return { status: 202, body: { job_id: 'job-1' } }
    const emails = JSON.stringify(body).match(/u\d(?=@)/g) ?? []
    return { body: { result: emails.map((user) => ({ id: `contact-${user}` })) } }
  },
  created: [
    { line: `GET ${SENDGRID}/lists` },
    { line: `POST ${SENDGRID}/lists`, headers: { authorization: 'Bearer sendgrid-key' }, body: { name: 'vips' } },
  ],
  changed: (users, value) => {
    const contacts = users.map((user) => ({ email: emailOf(user) }))
    if (value) return [{ line: `PUT ${SENDGRID}/contacts`, body: { list_ids: ['list-1'], contacts } }]
    const query = `email IN (${users.map((user) => `'${emailOf(user)}'`).join(',')})`
    const ids = users.map((user) => `contact-${user}`).join(',')
    return [
      { line: `PUT ${SENDGRID}/contacts`, body: { list_ids: [], contacts } },
      { line: `POST ${SENDGRID}/contacts/search`, body: { query } },
      { line: `DELETE ${SENDGRID}/lists/list-1/contacts?contact_ids=${ids}` },
    ]
  },
}

const FACEBOOK = 'https://graph.facebook.com/v24.0'
const SCHEMA = 'EXTERN_ID EMAIL PHONE DOBY DOBM DOBD LN FN FI GEN CT ST ZIP COUNTRY MADID'.split(' ')

const facebook: ToolCase = {
  slug: 'actions-facebook-custom-audiences',
  settings: {
    oauth: OAUTH,
    retlAdAccountId: '1234',
    audienceSettings: { engageAdAccountId: '5678', audienceDescription: 'Best' },
  },
  sends: { identify: true },
  headers: { authorization: 'Bearer old-token' },
  refused: 'oauth_refresh_failed',
  answer: ({ url }) => ({ body: url.endsWith('/customaudiences') ? { id: '77' } : { audience_id: '77' } }),
  created: [
    {
      line: `POST ${FACEBOOK}/act_5678/customaudiences`,
      headers: { authorization: 'Bearer old-token' },
      body: {
        name: 'vips',
        subtype: 'CUSTOM',
        customer_file_source: 'BOTH_USER_AND_PARTNER_PROVIDED',
        description: 'Best',
      },
    },
  ],
  changed: (users, value) => {
    const rows = users.map((user) => SCHEMA.map((_, nth) => [user, sha256(emailOf(user))][nth] ?? ''))
    const method = value ? 'POST' : 'DELETE'
    return [{ line: `${method} ${FACEBOOK}/77/users`, body: { payload: { schema: SCHEMA, data: rows } } }]
  },
}

const GOOGLE = 'https://googleads.googleapis.com/v21'
const TOKENS = 'https://www.googleapis.com/oauth2/v4/token'
const RENEWAL = { line: `POST ${TOKENS}`, headers: { 'content-type': FORM }, body: RENEWAL_FORM }
const JOB = 'customers/1234567890/offlineUserDataJobs/9'

const google: ToolCase = {
  slug: 'actions-google-enhanced-conversions',
  settings: {
    oauth: OAUTH,
    customerId: '123-456-7890',
    partnerSecrets: {
      ADWORDS_DEVELOPER_TOKEN: 'developer-token',
      GOOGLE_ENHANCED_CONVERSIONS_CLIENT_ID: 'app-id',
      GOOGLE_ENHANCED_CONVERSIONS_CLIENT_SECRET: 'app-secret',
    },
    audienceSettings: { external_id_type: 'CONTACT_INFO' },
    mappings: [
      {
        action: 'userList',
        mapping: { ad_user_data_consent_state: 'GRANTED', ad_personalization_consent_state: 'DENIED' },
      },
    ],
  },
  sends: { track: true },
  headers: { authorization: 'Bearer new-token', 'developer-token': 'developer-token' },
  answer: ({ url }) => {
    if (url === TOKENS) return { body: { access_token: 'new-token' } }
    if (url.endsWith('userLists:mutate'))
      return { body: { results: [{ resourceName: 'customers/1234567890/userLists/777' }] } }
    return { body: url.endsWith('offlineUserDataJobs:create') ? { resourceName: JOB } : {} }
  },
  created: [
    // Ours, so that the tokens are kept, and the definition's own.
    RENEWAL,
    RENEWAL,
    {
      line: `POST ${GOOGLE}/customers/1234567890/userLists:mutate`,
      headers: { authorization: 'Bearer new-token', 'developer-token': 'developer-token' },
      body: {
        operations: [
          {
            create: {
              crmBasedUserList: { uploadKeyType: 'CONTACT_INFO' },
              membershipLifeSpan: '540',
              name: 'vips',
            },
          },
        ],
      },
    },
  ],
  changed: (users, value) => {
    const operations = users.map((user) => ({
      [value ? 'create' : 'remove']: { userIdentifiers: [{ hashedEmail: sha256(emailOf(user)) }] },
    }))
    const userList = 'customers/1234567890/userLists/777'
    const consent = { adUserData: 'GRANTED', adPersonalization: 'DENIED' }
    return [
      {
        line: `POST ${GOOGLE}/customers/1234567890/offlineUserDataJobs:create`,
        body: {
          job: { type: 'CUSTOMER_MATCH_USER_LIST', customerMatchUserListMetadata: { userList, consent } },
        },
      },
      { line: `POST ${GOOGLE}/${JOB}:addOperations`, body: { operations, enablePartialFailure: true } },
      { line: `POST ${GOOGLE}/${JOB}:run` },
    ]
  },
  renewal: RENEWAL,
  refused: 'unauthorized',
}

/** The audience's list as the receiver names it. */
const LIST = 'list-of-vips'

const webhook: ToolCase = {
  slug: 'actions-webhook-audiences',
  settings: {
    sharedSecret: 'shared-secret',
    createAudienceUrl: 'https://hooks.example.com/create',
    getAudienceUrl: 'https://hooks.example.com/get',
    mappings: [{ action: 'send', mapping: { url: 'https://hooks.example.com/members' } }],
  },
  sends: { identify: true },
  headers: {},
  answer: ({ url }) => ({ body: url.endsWith('/create') ? { externalId: LIST } : {} }),
  created: [{ line: 'POST https://hooks.example.com/create', body: { audienceName: 'vips' } }],
  changed: (users, value) =>
    users.map((user) => {
      const body = webhookEvent(user, value)
      // Node writes the fields in this order, and the receiver checks the text.
      const signature = createHmac('sha1', 'shared-secret').update(JSON.stringify(body)).digest('hex')
      return { line: 'POST https://hooks.example.com/members', headers: { 'x-signature': signature }, body }
    }),
}

function webhookEvent(user: string, value: boolean): JsonObject {
  const personas = {
    computation_class: 'audience',
    computation_id: 'aud_1',
    computation_key: 'vips',
    namespace: 'spa_1',
    space_id: 'spa_1',
    external_audience_id: LIST,
    audience_settings: {},
  }
  return {
    type: 'identify',
    userId: user,
    traits: { email: emailOf(user), vips: value },
    messageId: idOf({ user, value }, 'identify'),
    integrations: { All: false, 'Webhook Audiences': true },
    timestamp: AT_TEXT,
    originalTimestamp: AT_TEXT,
    context: { personas, traits: { email: emailOf(user) } },
    sentAt: AT_TEXT,
    receivedAt: AT_TEXT,
  }
}

export const LIST_TOOLS: readonly ToolCase[] = [klaviyo, sendgrid, facebook, google, webhook]
