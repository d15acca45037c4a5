/** The data that the repository has of Segment's destinations: as the installed package says, and whole by itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  CATEGORIZED,
  catalogueFiles,
  CHOICES,
  DENIED,
  loadCatalogue,
  OFF,
  packagesIn,
  sourcesOf,
} from '../../script/catalogue.mjs'
import { CATALOGUE, isCatalogueThere, SKIPPED } from './installed.ts'

const isThere = isCatalogueThere()
if (!isThere) console.warn(SKIPPED)

interface Entry {
  readonly slug: string
  readonly folder: string
  readonly name: string
  readonly kind: string
  readonly authentication: string
  readonly actions: number
  readonly presets: number
  readonly hasAudiences: boolean
  readonly batches: boolean
  readonly needs: string
  readonly environment: readonly string[]
  readonly availability: string
  readonly reason?: string
  readonly categories: readonly string[]
}

interface Field {
  readonly key: string
  readonly type: string
  readonly default?: unknown
  readonly properties?: readonly Field[]
}

interface Action {
  readonly key: string
  readonly batches: boolean
  readonly fields: readonly Field[]
}

interface Route {
  readonly action: string
  readonly mapping: Readonly<Record<string, unknown>>
  readonly audiencesOnly?: boolean
}

interface Definition {
  readonly slug: string
  readonly folder: string
  readonly name: string
  readonly kind: string
  readonly authentication: string
  readonly settings: readonly Field[]
  readonly audienceSettings: readonly Field[]
  readonly hasCreateAudience: boolean
  readonly actions: readonly Action[]
  readonly presets: readonly { readonly action: string }[]
  readonly defaults: Readonly<Record<string, Route>>
}

const FOLDER = join(CATALOGUE, 'definitions')
const CALLS = ['identify', 'entered', 'exited', 'computed', 'group']
const KEYS = [
  ...['slug', 'folder', 'name', 'kind', 'authentication', 'settings', 'audienceSettings', 'audienceMode'],
  ...['hasCreateAudience', 'hasGetAudience', 'hasTest', 'hasDelete', 'hasRefresh', 'extendsRequest'],
  ...['actions', 'presets', 'defaults'],
]
/** Connect by themselves, or run programs: the agent that guards addresses does not see them. */
const OWN_CONNECTIONS = /^(?:@aws-sdk\/|kafkajs$|ssh2|(?:node:)?(?:net|tls|dgram|http2|child_process)$|undici$)/

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))
}

const index = read('index.json') as Entry[]
const definitions = index.map(({ slug }) => read(`${slug}.json`) as Definition)
const byFolder = new Map(definitions.map((definition) => [definition.folder, definition]))

function allFields(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => [field, ...allFields(field.properties ?? [])])
}

/** Writes the defaults of a destination as `call+call > action`. */
function routesOf(folder: string): string {
  const defaults = Object.entries(byFolder.get(folder)!.defaults)
  const actions = new Set(defaults.map(([, { action }]) => action))
  const callsTo = (action: string) => defaults.filter(([, route]) => route.action === action).map(([call]) => call)
  return [...actions].map((action) => `${callsTo(action).join('+')} > ${action}`).join(', ')
}

describe('the catalogue', () => {
  it('has 214 destinations with 601 actions, each destination in a file', () => {
    expect(index).toHaveLength(214)
    expect(index.reduce((sum, { actions }) => sum + actions, 0)).toBe(601)
    const files = [...index.map(({ slug }) => `${slug}.json`), 'index.json']
    expect(readdirSync(FOLDER).sort()).toEqual(files.sort())
  })

  it('says the same in its index as in its files', () => {
    for (const [
      position,
      { slug, folder, name, kind, authentication, actions, presets, hasAudiences, batches },
    ] of index.entries()) {
      const file = definitions[position]!
      expect(file).toMatchObject({ slug, folder, name, kind, authentication, hasCreateAudience: hasAudiences })
      expect([file.actions.length, file.presets.length]).toEqual([actions, presets])
      expect(file.actions.some((action) => action.batches)).toBe(batches)
    }
  })

  it('says why a destination is not offered', () => {
    for (const { folder, availability, reason } of index) {
      const expected = DENIED.has(folder) ? 'denied' : OFF.has(folder) ? 'off' : 'offered'
      expect([folder, availability, reason]).toEqual([folder, expected, DENIED.get(folder) ?? OFF.get(folder)])
    }
    expect(index.filter(({ availability }) => availability === 'offered')).toHaveLength(190)
  })

  it('says what is needed', () => {
    const needs = (name: string) => index.filter((entry) => entry.needs === name && entry.availability === 'offered')
    expect(
      needs('client_credentials')
        .map(({ folder }) => folder)
        .sort(),
    ).toEqual([
      ...['1plusx-asset-api', 'acoustic', 'listrak', 'm3ter', 'marketo-static-lists', 'salesforce-marketing-cloud'],
      'taboola-actions',
    ])
    expect(
      needs('partner_secret')
        .map(({ folder }) => folder)
        .sort(),
    ).toEqual([
      ...['apolloio', 'braze-cohorts', 'display-video-360', 'dotdigital-audiences', 'dynamic-yield-audiences'],
      'facebook-conversions-api',
    ])
    for (const { environment } of needs('settings')) expect(environment).toEqual([])
    for (const { authentication } of needs('oauth_app')) expect(authentication).toMatch(/^oauth/)
  })

  it('gives the variables that the code of a destination reads', () => {
    const environment = (folder: string) => index.find((entry) => entry.folder === folder)!.environment
    expect(environment('klaviyo')).toEqual([])
    expect(environment('braze-cohorts')).toEqual([
      'BRAZE_COHORTS_PARTNER_API_KEY_EU',
      'BRAZE_COHORTS_PARTNER_API_KEY_US',
    ])
    expect(environment('aws-kinesis')).toContain('AWS_ROLE_ARN')
  })

  it('fills in no secret', () => {
    const fields = definitions.flatMap(({ settings, audienceSettings, actions }) => [
      ...allFields(settings),
      ...allFields(audienceSettings),
      ...actions.flatMap((action) => allFields(action.fields)),
    ])
    const secrets = fields.filter(({ type }) => type === 'password')
    expect(secrets.length).toBeGreaterThan(150)
    expect(secrets.filter((field) => field.default !== undefined)).toEqual([])
  })

  it('takes the key of an API for a secret, even if the definition does not', () => {
    const typeOf = (folder: string, name: string) =>
      byFolder.get(folder)!.settings.find(({ key }) => key === name)?.type
    expect(typeOf('kevel-audience', 'apiKey')).toBe('password')
    expect(typeOf('vibe-audience', 'authToken')).toBe('password')
    expect(typeOf('twilio-messaging', 'apiKeySID')).toBe('string')
  })

  it('has no picture, and no part that is not described', () => {
    for (const definition of definitions) expect(KEYS).toEqual(expect.arrayContaining(Object.keys(definition)))
    expect(definitions.filter((definition) => JSON.stringify(definition).includes('data:image'))).toEqual([])
  })

  it('is small', () => {
    const bytes = readdirSync(FOLDER).reduce((sum, name) => sum + readFileSync(join(FOLDER, name)).length, 0)
    expect(bytes).toBeLessThan(4_000_000)
  })
})

describe('the defaults', () => {
  const offered = definitions.filter(({ folder }) => !DENIED.has(folder))

  it('name calls, actions and fields that exist', () => {
    for (const { folder, actions, defaults } of offered)
      for (const [call, { action, mapping }] of Object.entries(defaults)) {
        expect(CALLS).toContain(call)
        const keys = actions.find(({ key }) => key === action)?.fields.map(({ key }) => key)
        expect([folder, keys]).toEqual([folder, expect.arrayContaining(Object.keys(mapping))])
      }
  })

  it('name presets whose actions exist', () => {
    for (const { actions, presets } of offered)
      expect(actions.map(({ key }) => key)).toEqual(expect.arrayContaining(presets.map(({ action }) => action)))
  })

  it('send no change to a list twice, and no computed trait', () => {
    for (const { folder, defaults } of offered.filter(({ kind }) => kind === 'list')) {
      expect([folder, [[], ['identify'], ['entered', 'exited']]]).toEqual([
        folder,
        expect.arrayContaining([Object.keys(defaults)]),
      ])
      expect(Object.values(defaults).map(({ audiencesOnly }) => audiencesOnly)).not.toContain(undefined)
    }
  })

  it.each([
    ['amplitude', 'identify > identifyUser, entered+exited+computed > logEventV2, group > groupIdentifyUser'],
    ['amplitude-cohorts', 'identify > syncAudience'],
    // An identify takes everybody out there: only the event's name says that somebody enters.
    ['amazon-amc', 'entered+exited > syncAudiencesToDSP'],
    ['braze', 'identify > updateUserProfile, entered+exited+computed > trackEvent'],
    ['braze-cohorts', 'entered+exited > syncAudiences'],
    ['criteo-audiences', 'entered > addUserToAudience, exited > removeUserFromAudience'],
    ['customerio', 'identify > createUpdatePerson, entered+exited+computed > trackEvent, group > createUpdateObject'],
    ['facebook-custom-audiences', 'identify > sync'],
    ['facebook-conversions-api', ''],
    ['google-enhanced-conversions', 'entered+exited > userList'],
    ['hubspot', 'identify > upsertContact, group > upsertCompany'],
    ['intercom', 'identify > identifyContact, entered+exited+computed > trackEvent, group > groupIdentifyContact'],
    ['iterable', 'identify > updateUser, entered+exited+computed > trackEvent'],
    ['iterable-audiences', 'identify > syncAudience'],
    ['klaviyo', 'entered > addProfileToList, exited > removeProfileFromList'],
    ['launchdarkly-audiences', 'identify > syncAudience'],
    ['linkedin-audiences', 'entered+exited > updateAudience'],
    ['linkedin-conversions', ''],
    ['marketo-static-lists', 'entered > addToList, exited > removeFromList'],
    ['mixpanel', 'identify > identifyUser, entered+exited+computed > trackEvent, group > groupIdentifyUser'],
    ['ms-bing-ads-audiences', 'entered+exited > syncAudiences'],
    ['posthog', 'identify > identify, entered+exited+computed > event'],
    ['sendgrid', 'identify > updateUserProfile'],
    ['sendgrid-audiences', 'identify > syncAudience'],
    ['slack', 'entered+exited > postToChannel'],
    ['snap-audiences', 'entered+exited > syncAudience'],
    ['tiktok-audiences', 'entered > addToAudience, exited > removeFromAudience'],
    ['twilio', 'entered > sendSMS'],
    ['webhook', 'identify+entered+exited+computed+group > send'],
    ['webhook-audiences', 'identify > send'],
  ])('of %s are: %s', (folder, routes) => {
    expect(routesOf(folder)).toBe(routes)
  })

  it('map what the definition asks for, then the preset, then our choice', () => {
    const mapping = (folder: string, call: string) => byFolder.get(folder)!.defaults[call]!.mapping
    expect(mapping('klaviyo', 'entered')['email']).toEqual({ '@path': '$.context.traits.email' })
    expect(mapping('acoustic', 'entered')['email']).toMatchObject({
      '@if': { then: { '@path': '$.properties.email' } },
    })
    expect(mapping('acoustic', 'identify')['email']).toMatchObject({ '@if': { then: { '@path': '$.traits.email' } } })
    expect(mapping('braze-cohorts', 'exited')).toMatchObject({
      cohort_id: { '@path': '$.context.personas.computation_id' },
      personas_audience_key: { '@path': '$.context.personas.computation_key' },
    })
    expect(mapping('slack', 'entered')).not.toHaveProperty('icon_url')
  })
})

describe.skipIf(!isThere)('the catalogue beside the package that is installed', () => {
  const catalogue = isThere ? loadCatalogue() : { entries: [] }

  it('is what `npm run catalogue:generate` makes of it', () => {
    const changed = [...catalogueFiles()].filter(([path, text]) => readFileSync(join(CATALOGUE, path), 'utf8') !== text)
    expect(changed.map(([path]) => path)).toEqual([])
  })

  it('offers nothing that connects without being guarded', () => {
    const connecting = catalogue.entries
      .filter(({ path }) => packagesIn(sourcesOf(path)).some((name) => OWN_CONNECTIONS.test(name)))
      .map(({ directory }) => directory)
    expect(connecting).toHaveLength(9)
    expect(connecting.filter((folder) => !OFF.has(folder) && !DENIED.has(folder))).toEqual([])
  })

  it('names no folder in its tables that is not there', () => {
    const folders = new Set(catalogue.entries.map(({ directory }) => directory))
    const named = [...DENIED.keys(), ...OFF.keys(), ...CATEGORIZED, ...Object.keys(CHOICES)]
    expect(named.filter((folder) => !folders.has(folder))).toEqual([])
  })
})
