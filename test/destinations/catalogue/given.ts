/** A definition of a tool that does not exist, as the catalogue has them. */
import type { CatalogueDefinition, CatalogueEntry } from '../../../destinations/catalogue/catalogue.ts'

export const ENTRY: CatalogueEntry = {
  slug: 'actions-tool',
  folder: 'tool',
  name: 'Tool (Actions)',
  categories: ['email'],
  authentication: 'custom',
  actions: 3,
  presets: 2,
  hasAudiences: true,
  batches: true,
  needs: 'settings',
  environment: [],
  availability: 'offered',
}

const FIELD = { label: 'Field', type: 'string' } as const

export const DEFINITION: CatalogueDefinition = {
  slug: 'actions-tool',
  folder: 'tool',
  name: 'Tool (Actions)',
  kind: 'event',
  authentication: 'custom',
  settings: [
    { ...FIELD, key: 'api_key', type: 'password', required: true },
    { ...FIELD, key: 'region', required: true, choices: ['us', { value: 'eu', label: 'Europe' }], default: 'us' },
    { ...FIELD, key: 'endpoint' },
    { ...FIELD, key: 'isTest', type: 'boolean' },
  ],
  audienceSettings: [{ ...FIELD, key: 'accountId' }],
  hasCreateAudience: true,
  hasGetAudience: true,
  hasTest: true,
  hasDelete: true,
  hasRefresh: false,
  actions: [
    {
      key: 'addToList',
      title: 'Add to list',
      batches: true,
      batchSize: 2,
      batchKeys: ['list'],
      dynamicFields: [],
      fields: [
        { ...FIELD, key: 'email', required: true, default: { '@path': '$.traits.email' } },
        { ...FIELD, key: 'list', default: { '@path': '$.context.personas.external_audience_id' } },
        { ...FIELD, key: 'count', type: 'integer' },
        { ...FIELD, key: 'mode', choices: ['add', 'remove'] },
      ],
    },
    {
      key: 'trackEvent',
      title: 'Track event',
      batches: false,
      batchKeys: [],
      dynamicFields: [],
      fields: [{ ...FIELD, key: 'name', required: true, default: { '@path': '$.event' } }],
    },
    {
      key: 'other',
      title: 'Other',
      batches: false,
      batchKeys: [],
      dynamicFields: [],
      fields: [{ ...FIELD, key: 'text', required: true }],
    },
  ],
  defaults: {
    identify: {
      action: 'addToList',
      mapping: {
        email: { '@path': '$.traits.email' },
        list: { '@path': '$.context.personas.external_audience_id' },
        mode: 'add',
      },
    },
    entered: { action: 'trackEvent', mapping: { name: { '@path': '$.event' } } },
  },
}
