/** The definitions have no categories: these are ours, by folder. A destination may be in several. */
const FOLDERS = {
  advertising: `
    1plusx 1plusx-asset-api adjust amazon-amc amazon-conversions-api angler-ai criteo-audiences delivrai-activate
    display-video-360 dub epsilon facebook-conversions-api facebook-custom-audiences first-party-dv360
    google-campaign-manager-360 google-data-manager google-enhanced-conversions iqm kevel kevel-audience
    linkedin-audiences linkedin-conversions liveramp-audiences magellan-ai moloco-rmp ms-bing-ads-audiences ms-bing-capi
    nextdoor-capi pinterest-conversions podscribe reddit-audiences reddit-conversions-api revend revx rokt-audiences
    rokt-capi snap-audiences snap-conversions-api stackadapt stackadapt-audiences taboola-actions the-trade-desk-crm
    tiktok-app-events tiktok-audiences tiktok-conversions tiktok-conversions-sandbox tiktok-offline-conversions
    tiktok-offline-conversions-sandbox topsort vibe-audience yahoo-audiences youappi-audiences`,
  analytics: `
    accoil-analytics actable-predictive aggregations-io altertable amplitude amplitude-cohorts app-fit attribution avo
    avo-v2 blend-ai calliper canvas chartmogul dawn equals fullstory gainsight-px-cloud-action google-analytics-4 heap
    hilo hyperengage inleads-ai june klime koala launchpad mixpanel pendo-audiences playerzero-cloud posthog prodeology
    qualtrics ripe roadwayai spiffy sprig survicate surveysparrow toplyne trackey trubrics usermaven userpilot`,
  crm: `
    actions-pardot apolloio attio blackbaud-raisers-edge-nxt clay close collab-travel-crm devrev hubspot hyperengage
    intercom koala mantle marketo-static-lists ortto ortto-audiences outfunnel pipedrive qualified salesforce saleswings
    usermotion`,
  email: `
    acoustic acoustic-s3tc actions-pardot braze braze-cohorts cordial customerio dotdigital dotdigital-audiences drip
    emarsys encharge engage-messaging-sendgrid hubspot iterable iterable-audiences iterable-lists klaviyo listrak loops
    marketo-static-lists moengage movable-ink ortto ortto-audiences responsys salesforce-marketing-cloud sendgrid
    sendgrid-audiences taguchi yonoma`,
  loyalty: 'antavo eagleeye-audiences friendbuy gameball gwen rehook talon-one voucherify yotpo',
  messaging: `
    aampe airship appcues attentive batch braze braze-cohorts clevertap courier customerio engage-messaging-twilio gleap
    insider insider-audiences intercom iterable iterable-audiences iterable-lists jimo-cloud klaviyo moengage nudge
    postscript pushwoosh slack twilio twilio-messaging twilio-messaging-omnichannel twilio-studio voyage xtremepush`,
  personalization: `
    absmartly adobe-target algolia-insights contentstack dynamic-yield-audiences insider insider-audiences kameleoon
    launchdarkly launchdarkly-audiences movable-ink optimizely-advanced-audience-targeting optimizely-data-platform
    optimizely-feature-experimentation-actions optimizely-web recombee vwo`,
  storage: 'amazon-eventbridge aws-kinesis aws-s3 google-sheets google-sheets-dev kafka s3 sftp singlestore',
  webhooks: 'segment webhook webhook-audiences webhook-extensible zapier',
}

const CATEGORIES = Object.entries(FOLDERS).map(([name, folders]) => [name, new Set(folders.trim().split(/\s+/))])

/** Every folder that has a category. */
export const CATEGORIZED = new Set(CATEGORIES.flatMap(([, folders]) => [...folders]))

/** Sorted; `other` alone if there is none. */
export function categoriesOf(folder) {
  const names = CATEGORIES.filter(([, folders]) => folders.has(folder)).map(([name]) => name)
  return names.length > 0 ? names : ['other']
}
