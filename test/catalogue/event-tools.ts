/** Tools that take everything that is known of a person: memberships are traits and events there. */
import { AT, AT_TEXT, idOf } from './tool.ts'
import { basic, emailOf, FORM, OAUTH, RENEWAL_FORM, type ToolCase } from './tool-case.ts'

const nameOf = (value: boolean): string => (value ? 'Audience Entered' : 'Audience Exited')
const properties = (value: boolean) => ({ audience_key: 'vips', vips: value })

const braze: ToolCase = {
  slug: 'actions-braze-cloud',
  settings: { api_key: 'braze-key', endpoint: 'https://rest.fra-01.braze.eu' },
  sends: { identify: true, track: true },
  headers: { authorization: 'Bearer braze-key' },
  answer: () => ({ status: 201, body: { message: 'success' } }),
  refused: 'unauthorized',
  changed: (users, value) => [
    {
      line: 'POST https://rest.fra-01.braze.eu/users/track',
      headers: users.length > 1 ? { 'x-braze-batch': 'true' } : {},
      body: {
        attributes: users.map((user) => ({
          vips: value,
          external_id: user,
          email: emailOf(user),
          _update_existing_only: false,
        })),
      },
    },
    {
      line: 'POST https://rest.fra-01.braze.eu/users/track',
      headers: users.length > 1 ? { 'x-braze-batch': 'true' } : {},
      body: {
        events: users.map((user) => ({
          external_id: user,
          email: emailOf(user),
          name: nameOf(value),
          time: AT_TEXT,
          properties: properties(value),
          _update_existing_only: false,
        })),
      },
    },
  ],
}

const customerio: ToolCase = {
  slug: 'actions-customerio',
  settings: { siteId: 'site', apiKey: 'cio-key' },
  sends: { identify: true, track: true },
  headers: { authorization: basic('site', 'cio-key') },
  answer: () => ({}),
  changed: (users, value) => [
    {
      line: 'POST https://track.customer.io/api/v2/batch',
      body: {
        batch: users.map((user) => ({
          type: 'person',
          action: 'identify',
          attributes: { email: emailOf(user), vips: value },
          timestamp: AT / 1_000,
          identifiers: { id: user },
        })),
      },
    },
    {
      line: 'POST https://track.customer.io/api/v2/batch',
      body: {
        batch: users.map((user) => ({
          type: 'person',
          action: 'event',
          name: nameOf(value),
          id: idOf({ user, value }, 'track'),
          attributes: properties(value),
          timestamp: AT / 1_000,
          identifiers: { id: user },
        })),
      },
    },
  ],
}

const iterable: ToolCase = {
  slug: 'actions-iterable',
  settings: { apiKey: 'iterable-key' },
  sends: { identify: true, track: true },
  headers: { 'api-key': 'iterable-key' },
  answer: () => ({ body: { successCount: 1, failCount: 0 } }),
  changed: (users, value) => [
    {
      line: 'POST https://api.iterable.com/api/users/bulkUpdate',
      body: {
        users: users.map((user) => ({
          userId: user,
          email: emailOf(user),
          dataFields: { email: emailOf(user), vips: value },
          mergeNestedObjects: false,
        })),
      },
    },
    {
      line: 'POST https://api.iterable.com/api/events/trackBulk',
      body: {
        events: users.map((user) => ({
          id: idOf({ user, value }, 'track'),
          userId: user,
          email: emailOf(user),
          eventName: nameOf(value),
          createdAt: AT / 1_000,
          dataFields: properties(value),
          // The definition sends its own fields too.
          batch_size: 1_001,
          enable_batching: true,
        })),
      },
    },
  ],
}

/** Contacts are known there: each is found and changed by its email. */
const hubspot: ToolCase = {
  slug: 'actions-hubspot-cloud',
  settings: { oauth: OAUTH },
  sends: { identify: true },
  headers: { authorization: 'Bearer old-token' },
  answer: () => ({ body: { id: '1', properties: {} } }),
  changed: (users, value) =>
    users.map((user) => ({
      line: `PATCH https://api.hubapi.com/crm/v3/objects/contacts/${emailOf(user)}?idProperty=email`,
      body: { properties: { email: emailOf(user), vips: value } },
    })),
  renewal: {
    line: 'POST https://api.hubapi.com/oauth/v1/token',
    headers: { 'content-type': FORM },
    body: RENEWAL_FORM,
  },
}

const mixpanel: ToolCase = {
  slug: 'actions-mixpanel',
  settings: { projectToken: 'mixpanel-token', apiSecret: 'mixpanel-secret' },
  sends: { identify: true, track: true },
  headers: {},
  answer: () => ({ body: { code: 200, num_records_imported: 1, status: 'OK' } }),
  changed: (users, value) => [
    ...users.map((user) => ({
      line: 'POST https://api.mixpanel.com/engage',
      headers: { 'content-type': FORM },
      body: new URLSearchParams({
        data: JSON.stringify({
          $token: 'mixpanel-token',
          $distinct_id: user,
          $set: { vips: value, $email: emailOf(user) },
        }),
      }).toString(),
    })),
    {
      line: 'POST https://api.mixpanel.com/import?strict=1',
      headers: { authorization: basic('mixpanel-secret', '') },
      body: users.map((user) => ({
        event: nameOf(value),
        properties: {
          time: AT,
          id: user,
          distinct_id: user,
          $identified_id: user,
          $insert_id: idOf({ user, value }, 'track'),
          $source: 'segment',
          $user_id: user,
          event_original_name: nameOf(value),
          ...properties(value),
        },
      })),
    },
  ],
}

const amplitude: ToolCase = {
  slug: 'actions-amplitude',
  settings: { apiKey: 'amplitude-key', secretKey: 'amplitude-secret' },
  sends: { identify: true, track: true },
  headers: {},
  answer: () => ({ body: { code: 200 } }),
  changed: (users, value) =>
    users.flatMap((user) => [
      {
        line: 'POST https://api2.amplitude.com/identify',
        headers: { 'content-type': FORM },
        body: new URLSearchParams({
          api_key: 'amplitude-key',
          identification: JSON.stringify({
            insert_id: idOf({ user, value }, 'identify'),
            user_id: user,
            user_properties: { email: emailOf(user), vips: value },
            library: 'segment',
          }),
          options: 'undefined',
        }).toString(),
      },
      {
        line: 'POST https://api2.amplitude.com/2/httpapi',
        body: {
          api_key: 'amplitude-key',
          events: [
            {
              user_id: user,
              event_type: nameOf(value),
              event_properties: properties(value),
              insert_id: idOf({ user, value }, 'track'),
              time: AT,
              use_batch_endpoint: false,
            },
          ],
        },
      },
    ]),
}

const slack: ToolCase = {
  slug: 'actions-slack',
  settings: {
    mappings: [{ action: 'postToChannel', mapping: { url: 'https://hooks.slack.com/services/T1/B1/secret' } }],
  },
  sends: { track: true },
  headers: {},
  answer: () => ({ body: 'ok' }),
  changed: (users, value) =>
    users.map((user) => ({
      line: 'POST https://hooks.slack.com/services/T1/B1/secret',
      body: { text: `${nameOf(value)}: vips, ${user}`, username: 'Rollcall' },
    })),
}

export const EVENT_TOOLS: readonly ToolCase[] = [braze, customerio, iterable, hubspot, mixpanel, amplitude, slack]
