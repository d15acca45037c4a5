/**
 * Slugs of the tools whose requests are tested one by one, against a server that answers in the shape that their
 * definitions expect: test/catalogue/tools.test.ts. No tool has been run against its vendor's live API.
 */
export const EXERCISED = new Set([
  'actions-amplitude',
  'actions-braze-cloud',
  'actions-customerio',
  'actions-facebook-custom-audiences',
  'actions-google-enhanced-conversions',
  'actions-hubspot-cloud',
  'actions-iterable',
  'actions-klaviyo',
  'actions-mixpanel',
  'actions-sendgrid-audiences',
  'actions-slack',
  'actions-webhook-audiences',
])
