/** The size of requests, and their rate, by the settings of a tool. */
import { expect, it } from 'vitest'
import { catalogueType } from '../../../destinations/catalogue/catalogue-type.ts'
import { parseSettings } from '../../../destinations/registry.ts'

const BRAZE = { api_key: 'k', endpoint: 'https://rest.iad-01.braze.com' }
const MIXPANEL = { projectToken: 't', apiSecret: 's' }

it.each<[string, string, object, object]>([
  ['batches as the tool takes them', 'actions-braze-cloud', BRAZE, { batchCalls: 75 }],
  ['calls one by one, if so asked', 'actions-braze-cloud', { ...BRAZE, batching: false }, { batchCalls: 1 }],
  [
    // Identify, entered, exited and computed: a job of all makes four requests.
    'a rate that jobs of all kinds of calls keep',
    'actions-braze-cloud',
    { ...BRAZE, requestsPerSecond: 12 },
    { batchCalls: 75, requestsPerSecond: 3 },
  ],
  [
    'the whole rate for calls that go one by one',
    'actions-braze-cloud',
    { ...BRAZE, batching: false, requestsPerSecond: 12 },
    { batchCalls: 1, requestsPerSecond: 12 },
  ],
  ['batches beside calls that go one by one', 'actions-mixpanel', MIXPANEL, { batchCalls: 1_000 }],
  [
    'no such mixture where a rate is to be kept',
    'actions-mixpanel',
    { ...MIXPANEL, requestsPerSecond: 10 },
    { batchCalls: 1, requestsPerSecond: 10 },
  ],
])('a tool has %s', (_, slug, settings, expected) => {
  const type = catalogueType(slug)!
  expect(type.limits(parseSettings(type, settings))).toEqual({ ...expected, timeoutMs: 60_000, gatherMs: 0 })
})
