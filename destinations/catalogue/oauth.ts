/**
 * The vendors by whose OAuth 2 an app of the user's own is let in (RFC 6749, with the challenge of RFC 7636 where the
 * vendor takes one). The definitions do not have this: their tokens come from Segment's apps. Sources, by vendor:
 *
 * - HubSpot: developers.hubspot.com/docs/api/working-with-oauth
 * - Salesforce, Pardot: help.salesforce.com, «OAuth 2.0 Web Server Flow for Web App Integration»
 * - Google: developers.google.com/identity/protocols/oauth2/web-server
 * - Facebook: developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow,
 *   and …/guides/access-tokens/get-long-lived
 * - LinkedIn: learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow
 * - Microsoft Advertising: learn.microsoft.com/advertising/guides/authentication-oauth
 * - Snap: developers.snap.com/api/marketing-api/Ads-API/authentication
 * - TikTok: business-api.tiktok.com/portal/docs, «Authorization»
 * - Intercom: developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
 * - Reddit: ads-api.reddit.com/docs, «Authenticate your developer application»
 */
import type { JsonObject } from '../../src/model/json.ts'

/** A vendor's OAuth 2, as far as vendors differ. */
export interface OauthVendor {
  readonly authorizeUrl: string
  readonly tokenUrl: string
  /** Those that the definition's requests need; a request may name others. */
  readonly scopes: readonly string[]
  /** Between scopes; a space by default. */
  readonly separator?: string
  /** Further parameters of the address at which the user agrees. */
  readonly parameters?: Readonly<Record<string, string>>
  /** True if the vendor takes a challenge of PKCE. */
  readonly hasChallenge?: boolean
  /** The app proves itself in the body of the request for tokens, by default, or in a header. */
  readonly proof?: 'body' | 'basic'
  readonly dialect?: 'tiktok'
  /** The token that comes for the code is short-lived, and is exchanged for one of weeks at this address. */
  readonly longLivedUrl?: string
  /** Settings that the answer has beside the tokens, by its field. */
  readonly answered?: Readonly<Record<string, string>>
}

const GOOGLE = {
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  // Without these, there is a refresh token the first time only, or none.
  parameters: { access_type: 'offline', prompt: 'consent' },
  hasChallenge: true,
} as const

const LINKEDIN = {
  authorizeUrl: 'https://www.linkedin.com/oauth/v2/authorization',
  tokenUrl: 'https://www.linkedin.com/oauth/v2/accessToken',
} as const

const SNAP: OauthVendor = {
  authorizeUrl: 'https://accounts.snapchat.com/login/oauth2/authorize',
  tokenUrl: 'https://accounts.snapchat.com/login/oauth2/access_token',
  scopes: ['snapchat-marketing-api'],
}

/** By the folder of the definition. */
const VENDORS: Readonly<Record<string, OauthVendor | ((settings: JsonObject) => OauthVendor)>> = {
  hubspot: {
    authorizeUrl: 'https://app.hubspot.com/oauth/authorize',
    tokenUrl: 'https://api.hubapi.com/oauth/v1/token',
    scopes: [
      'oauth',
      'crm.objects.contacts.read',
      'crm.objects.contacts.write',
      'crm.objects.companies.read',
      'crm.objects.companies.write',
      'crm.schemas.contacts.read',
      'crm.schemas.companies.read',
      'crm.lists.read',
      'crm.lists.write',
    ],
  },
  salesforce: salesforce(['api', 'refresh_token']),
  'actions-pardot': salesforce(['api', 'pardot_api', 'refresh_token']),
  'google-enhanced-conversions': { ...GOOGLE, scopes: ['https://www.googleapis.com/auth/adwords'] },
  'google-data-manager': { ...GOOGLE, scopes: ['https://www.googleapis.com/auth/datamanager'] },
  'google-sheets': { ...GOOGLE, scopes: ['https://www.googleapis.com/auth/spreadsheets'] },
  'first-party-dv360': { ...GOOGLE, scopes: ['https://www.googleapis.com/auth/display-video'] },
  'google-campaign-manager-360': { ...GOOGLE, scopes: ['https://www.googleapis.com/auth/ddmconversions'] },
  'facebook-custom-audiences': {
    authorizeUrl: 'https://www.facebook.com/v24.0/dialog/oauth',
    tokenUrl: 'https://graph.facebook.com/v24.0/oauth/access_token',
    longLivedUrl: 'https://graph.facebook.com/v24.0/oauth/access_token',
    scopes: ['ads_management', 'business_management'],
    separator: ',',
  },
  'linkedin-audiences': { ...LINKEDIN, scopes: ['rw_dmp_segments', 'r_ads'] },
  'linkedin-conversions': { ...LINKEDIN, scopes: ['rw_conversions', 'r_ads'] },
  'ms-bing-ads-audiences': {
    authorizeUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
    tokenUrl: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    scopes: ['https://ads.microsoft.com/msads.manage', 'offline_access'],
    hasChallenge: true,
  },
  'snap-audiences': SNAP,
  'snap-conversions-api': SNAP,
  'tiktok-audiences': {
    authorizeUrl: 'https://business-api.tiktok.com/portal/auth',
    tokenUrl: 'https://business-api.tiktok.com/open_api/v1.3/oauth2/access_token/',
    // They are chosen where the app is made.
    scopes: [],
    dialect: 'tiktok',
  },
  intercom: {
    authorizeUrl: 'https://app.intercom.com/oauth',
    tokenUrl: 'https://api.intercom.io/auth/eagle/token',
    // Likewise.
    scopes: [],
  },
  'reddit-audiences': {
    authorizeUrl: 'https://www.reddit.com/api/v1/authorize',
    tokenUrl: 'https://www.reddit.com/api/v1/access_token',
    scopes: ['adsread', 'adsedit'],
    separator: ',',
    // A temporary one cannot be renewed.
    parameters: { duration: 'permanent' },
    proof: 'basic',
  },
}

function salesforce(scopes: readonly string[]) {
  return ({ isSandbox }: JsonObject): OauthVendor => {
    const host = isSandbox === true ? 'https://test.salesforce.com' : 'https://login.salesforce.com'
    return {
      authorizeUrl: `${host}/services/oauth2/authorize`,
      tokenUrl: `${host}/services/oauth2/token`,
      scopes,
      hasChallenge: true,
      answered: { instance_url: 'instanceUrl' },
    }
  }
}

/** Finds the vendor of a definition; undefined if there is none of that folder. */
export function oauthVendor(folder: string, settings: JsonObject): OauthVendor | undefined {
  const vendor = Object.hasOwn(VENDORS, folder) ? VENDORS[folder] : undefined
  return typeof vendor === 'function' ? vendor(settings) : vendor
}

export interface AuthorizationRequest {
  readonly clientId: string
  readonly redirectUrl: string
  readonly state: string
  /** The SHA-256 of the verifier, in base64 for URLs. */
  readonly challenge: string
  /** In place of the vendor's. */
  readonly scopes?: readonly string[] | undefined
}

/** Makes the address at which a user lets the app in. */
export function authorizationUrl(vendor: OauthVendor, request: AuthorizationRequest): string {
  const { clientId, redirectUrl, state, challenge, scopes = vendor.scopes } = request
  const isTiktok = vendor.dialect === 'tiktok'
  const url = new URL(vendor.authorizeUrl)
  const parameters = {
    ...(isTiktok ? { app_id: clientId } : { client_id: clientId, response_type: 'code' }),
    redirect_uri: redirectUrl,
    state,
    ...(scopes.length > 0 && { scope: scopes.join(vendor.separator ?? ' ') }),
    ...vendor.parameters,
    ...(vendor.hasChallenge && { code_challenge: challenge, code_challenge_method: 'S256' }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}
