/**
 * Choices that no rule makes, by folder. `routes` says to which action a call goes; null: it is not sent by default.
 * `mapping` adds to the mapping of an action, or replaces parts of it. `needed` names fields without which an action is
 * of no use, though its definition does not require them.
 */
const path = (from) => ({ '@path': from })
const either = (first, second) => ({ '@if': { exists: path(first), then: path(first), else: path(second) } })

const KEY = 'context.personas.computation_key'
/** The definition's key and its value in an identify or group call, as an object: `{ "big_spenders": true }`. */
const VALUE = {
  '@json': { mode: 'decode', value: { '@liquid': `{ {{ ${KEY} | json }}: {{ traits[${KEY}] | json }} }` } },
}

/** The advertising id of a device, if it is of this kind. */
const advertisingId = (kind) => ({
  '@liquid': `{% if context.device.type == '${kind}' %}{{ context.device.advertisingId }}{% endif %}`,
})

const EMARSYS_EMAIL = { key_field: '3', key_value: either('$.traits.email', '$.context.traits.email') }

const all = (action) => ({ identify: action, entered: action, exited: action, computed: action, group: action })
const events = (action) => ({ entered: action, exited: action, computed: action })
/** Events of purchases, of usage that is billed, or of conversions: a membership is none of these. */
const NO_EVENTS = events(null)

/** Take audiences only, though neither their name says so nor do they create any. */
export const LISTS = new Set(['postscript'])

export const CHOICES = {
  'actions-pardot': { mapping: { prospects: { customFields: VALUE } } },
  'adobe-target': { mapping: { updateProfile: { traits: VALUE } } },
  'aggregations-io': { routes: all('send') },
  // It drops what it has seen before by this id; a call may come again.
  amplitude: {
    mapping: { identifyUser: { insert_id: path('$.messageId') }, logEventV2: { insert_id: path('$.messageId') } },
  },
  'app-fit': { routes: events('track') },
  avo: { routes: NO_EVENTS },
  'avo-v2': { routes: NO_EVENTS },
  // The cohort is the audience's: the definition compares the two keys.
  'braze-cohorts': { mapping: { syncAudiences: { personas_audience_key: path(`$.${KEY}`) } } },
  clevertap: { mapping: { userUpload: { profileData: path('$.traits') } } },
  contentstack: { routes: { identify: 'audienceSync', entered: null, exited: null } },
  courier: { routes: { identify: null, entered: 'audienceToList', exited: 'audienceToList', group: null } },
  // A group call has no user who could be added.
  cordial: { routes: { group: null } },
  dawn: { routes: { identify: 'identifyUser' } },
  // A track call has the email in its context.
  dotdigital: {
    routes: { entered: 'addContactToList', exited: 'removeContactFromList' },
    needed: { addContactToList: ['listId'] },
    mapping: {
      addContactToList: { emailIdentifier: either('$.context.traits.email', '$.properties.email') },
      removeContactFromList: { emailIdentifier: either('$.context.traits.email', '$.properties.email') },
    },
  },
  drip: { mapping: { identify: { custom_fields: VALUE } } },
  emarsys: {
    routes: { identify: 'upsertContact', entered: 'addToContactList', exited: 'removeFromContactList' },
    mapping: {
      upsertContact: EMARSYS_EMAIL,
      addToContactList: EMARSYS_EMAIL,
      removeFromContactList: EMARSYS_EMAIL,
    },
  },
  'google-analytics-4': { mapping: { customEvent: { params: path('$.properties') } } },
  heap: { mapping: { trackEvent: { identity: path('$.userId') } } },
  // An event of HubSpot must have been defined there, under a name that differs; a contact has the membership.
  hubspot: {
    routes: NO_EVENTS,
    mapping: {
      upsertContact: { properties: VALUE },
      upsertCompany: { properties: VALUE, associateContact: false },
    },
  },
  intercom: { mapping: { identifyContact: { role: 'user', custom_attributes: VALUE } } },
  kevel: { routes: NO_EVENTS },
  lark: { routes: NO_EVENTS },
  // An identify is an alias there.
  launchdarkly: { routes: { identify: null } },
  'linkedin-conversions': { routes: NO_EVENTS },
  listrak: { routes: { identify: 'updateEmailContactProfileFields' } },
  'livelike-cloud': { audiencesOnly: ['identify'] },
  m3ter: { routes: NO_EVENTS },
  // It finds the email and the membership in a track call only.
  'ms-bing-ads-audiences': { routes: { identify: null, entered: 'syncAudiences', exited: 'syncAudiences' } },
  'ms-bing-capi': { routes: NO_EVENTS },
  'optimizely-data-platform': { routes: events('nonEcommCustomEvent') },
  'salesforce-marketing-cloud': { routes: { identify: 'contactDataExtension' } },
  sendgrid: {
    routes: { identify: 'updateUserProfile' },
    mapping: { updateUserProfile: { customFields: VALUE } },
  },
  slack: {
    routes: { entered: 'postToChannel', exited: 'postToChannel' },
    mapping: {
      postToChannel: {
        text: { '@template': '{{event}}: {{properties.audience_key}}, {{userId}}{{anonymousId}}' },
        username: 'Rollcall',
        icon_url: undefined,
      },
    },
  },
  surveysparrow: { mapping: { createContact: { email: path('$.traits.email'), full_name: path('$.traits.name') } } },
  // A group call has no user.
  survicate: { routes: { group: null } },
  taguchi: { routes: { identify: 'syncUserProfile' } },
  'talon-one': { routes: { identify: 'updateCustomerProfileV3' } },
  trubrics: { routes: { identify: 'identify' } },
  // A message is for those who enter.
  twilio: { routes: { exited: null, computed: null } },
  'twilio-messaging': { routes: { entered: 'sendMessage' } },
  'twilio-messaging-omnichannel': { routes: { entered: 'sendMessage' } },
  voyage: { routes: NO_EVENTS },
  // Without a visitor's id of VWO, no event and no attribute has anybody to go to.
  vwo: { routes: { identify: null, computed: null } },
  webhook: { routes: all('send') },
  'webhook-extensible': { routes: all('send') },
  yotpo: { routes: NO_EVENTS },
  zapier: { routes: events('send') },
  'youappi-audiences': { mapping: { sync: { idfa: advertisingId('ios'), gaid: advertisingId('android') } } },
}
