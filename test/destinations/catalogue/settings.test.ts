/** Settings of a destination of the catalogue, and which calls go to which action by them. */
import { describe, expect, it } from 'vitest'
import type { CallKind, CatalogueDefinition } from '../../../destinations/catalogue/catalogue.ts'
import { batchSizeOf, routesOf, settingsOf } from '../../../destinations/catalogue/settings.ts'
import { DEFINITION, ENTRY } from './given.ts'

const KEY = { api_key: 'k' }
const schema = settingsOf(DEFINITION, ENTRY)

function faultOf(settings: object, of = schema): string | undefined {
  const issue = of.safeParse(settings).error?.issues[0]
  return issue && `${issue.path.join('.')}: ${issue.message}`
}

function routes(mappings: unknown) {
  return Object.fromEntries(routesOf(DEFINITION, schema.parse({ ...KEY, mappings })))
}

describe('settings', () => {
  it('have the defaults of the definition, and batches', () => {
    expect(schema.parse(KEY)).toEqual({ api_key: 'k', region: 'us', batching: true })
  })

  it.each([
    [{}, /^api_key: /],
    [{ ...KEY, region: 'mars' }, /^region: /],
    [{ ...KEY, isTest: 'yes' }, /^isTest: /],
    [{ ...KEY, other: 1 }, /other/],
    [{ ...KEY, audienceSettings: { accountId: 7 } }, /^audienceSettings.accountId: /],
    [{ ...KEY, oauth: {} }, /oauth/],
    [{ ...KEY, requestsPerSecond: 0 }, /^requestsPerSecond: /],
    [{ ...KEY, mappings: [] }, /^mappings: /],
    [{ ...KEY, mappings: [{ action: 'none' }] }, /^mappings.0.action: /],
    [{ ...KEY, mappings: [{ action: 'other' }] }, /^mappings.0.calls: Expected the calls that go to other/],
    [
      { ...KEY, mappings: [{ action: 'other', calls: ['entered'] }] },
      /^mappings.0.mapping.text: expected a value, as other requires it, got none/,
    ],
    [
      { ...KEY, mappings: [{ action: 'addToList', mapping: { emial: 'x' } }] },
      /^mappings.0.mapping.emial: expected a field of addToList, got another/,
    ],
  ])('name the field at fault: %j', (settings, expected) => {
    expect(faultOf(settings)).toMatch(expected)
  })

  it('ask for a mapping where the tool has no preset for audiences', () => {
    const bare: CatalogueDefinition = { ...DEFINITION, defaults: {} }
    expect(faultOf(KEY, settingsOf(bare, ENTRY))).toMatch(/^mappings: Expected at least one/)
    const mappings = [{ action: 'other', calls: ['identify'], mapping: { text: 'x' } }]
    expect(faultOf({ ...KEY, mappings }, settingsOf(bare, ENTRY))).toBeUndefined()
  })

  it('ask for the tokens of an app where the tool is authorized by OAuth, and for partner secrets by name', () => {
    const entry = { ...ENTRY, authentication: 'oauth2', needs: 'oauth_app', environment: ['TOOL_SECRET'] } as const
    const asked = settingsOf(DEFINITION, entry)
    expect(faultOf(KEY, asked)).toMatch(/^oauth: /)
    expect(faultOf({ ...KEY, oauth: { clientId: 'c' }, partnerSecrets: { TOOL_SECRET: 's' } }, asked)).toBeUndefined()
    expect(faultOf({ ...KEY, oauth: {}, partnerSecrets: { PATH: '/' } }, asked)).toMatch(/PATH/)
  })

  it('refuse what would lead requests to another host', () => {
    const field = { key: 'subdomain', label: 'Subdomain', type: 'string', required: true } as const
    const cloud = { ...DEFINITION, folder: 'salesforce-marketing-cloud', settings: [field] }
    const asked = settingsOf(cloud, ENTRY)
    expect(faultOf({ subdomain: 'evil.example/#' }, asked)).toMatch(/^subdomain: Letters, digits and hyphens/)
    expect(faultOf({ subdomain: 'mc-4711' }, asked)).toBeUndefined()
  })
})

describe('calls', () => {
  it('go to the actions of the presets', () => {
    expect(routes(undefined)).toEqual(DEFINITION.defaults)
  })

  it('go nowhere where a needed field has no preset, until it is mapped', () => {
    const defaults = { ...DEFINITION.defaults, exited: DEFINITION.defaults.entered! }
    const opened = (...kinds: readonly CallKind[]): CatalogueDefinition => {
      const open = kinds.map((kind) => [kind, { ...defaults[kind]!, unmapped: ['text'] }] as const)
      return { ...DEFINITION, defaults: { ...defaults, ...Object.fromEntries(open) } }
    }
    const kinds = Object.keys(defaults) as CallKind[]
    const left = (...without: readonly CallKind[]): CallKind[] => [...routesOf(opened(...without), {}).keys()]
    expect(left('entered')).toEqual(kinds.filter((kind) => kind !== 'entered'))
    // Whoever enters would never leave.
    expect(left('exited')).toEqual(kinds.filter((kind) => kind !== 'entered' && kind !== 'exited'))
    const all = opened(...kinds)
    expect(faultOf(KEY, settingsOf(all, ENTRY))).toBe(
      'mappings: Expected at least one, as no preset of this tool has a value for text of addToList, text of trackEvent.',
    )
    const mappings = [{ action: 'other', calls: ['entered'], mapping: { text: 'x' } }]
    expect(faultOf({ ...KEY, mappings }, settingsOf(all, ENTRY))).toBeUndefined()
  })

  it('go where the mappings say, and nowhere else', () => {
    const mapping = { text: { '@template': '{{userId}}' } }
    expect(routes([{ action: 'other', calls: ['exited', 'computed'], mapping }])).toEqual({
      exited: { action: 'other', mapping },
      computed: { action: 'other', mapping },
    })
  })

  it('keep what a mapping does not replace; null takes a field out', () => {
    const mapping = { email: { '@path': '$.userId' }, list: null }
    expect(routes([{ action: 'addToList', mapping }])).toEqual({
      identify: { action: 'addToList', mapping: { email: { '@path': '$.userId' }, mode: 'add' } },
    })
    expect(routes([{ action: 'addToList', calls: ['group'] }])).toEqual({
      group: {
        action: 'addToList',
        mapping: {
          email: { '@path': '$.traits.email' },
          list: { '@path': '$.context.personas.external_audience_id' },
        },
      },
    })
  })
})

describe('the calls of one request', () => {
  const sizeOf = (mapping: object, folder = 'tool', action = 'addToList') =>
    batchSizeOf({ ...DEFINITION, folder }, { action, mapping: { ...mapping } })

  it.each([
    ['as many as the definition says', {}, 2],
    ['as many as the mapping says', { batch_size: 7 }, 7],
    ['a thousand at most', { batch_size: 10_000 }, 1_000],
    ['one by one, where the mapping has no batches', { enable_batching: false, batch_size: 7 }, 1],
  ])('are %s', (_, mapping, expected) => {
    expect(sizeOf(mapping)).toBe(expected)
  })

  it('are as few as a tool is known to take', () => {
    expect(sizeOf({ batch_size: 1_000, enable_batching: true }, 'hubspot')).toBe(100)
  })

  it('are one, where the action takes no more', () => {
    expect(sizeOf({}, 'tool', 'trackEvent')).toBe(1)
  })
})
