/** Objects as Segment's Public API gives them out, with what we have no use for. */

const PEOPLE = { createdBy: 'usr_1', updatedBy: 'usr_1' }
const TIMES = { createdAt: '2026-03-02T10:00:00.000Z', updatedAt: '2026-03-02T10:00:00.000Z' }
const SPACE = { spaceId: 'spa_9aQ1Lj62S4bomZKLF4DPqW' }

export function audience(key: string, query: string | undefined, more: object = {}): Record<string, unknown> {
  return {
    id: `aud_${key}`,
    ...SPACE,
    name: `The ${key}`,
    description: `All ${key}`,
    key,
    enabled: true,
    definition: query === undefined ? null : { query },
    status: 'Live',
    ...PEOPLE,
    ...TIMES,
    audienceType: 'USERS',
    computeCadence: { type: 'REALTIME' },
    size: { count: 3, type: 'USERS' },
    options: {
      includeHistoricalData: true,
      filterByExternalIds: ['user_id', 'email', 'android.idfa', 'ios.idfa'],
    },
    ...more,
  }
}

export function computedTrait(key: string, query: string | undefined, more: object = {}): Record<string, unknown> {
  return {
    id: `tra_${key}`,
    ...SPACE,
    name: `The ${key}`,
    description: null,
    key,
    enabled: true,
    definition: query === undefined ? { type: 'USERS' } : { type: 'USERS', query },
    ...PEOPLE,
    ...TIMES,
    options: { includeHistoricalData: true, includeAnonymousUsers: false },
    ...more,
  }
}

/** Segment's first webhook, with its URLs in the settings. */
export function webhooks(name: string, hooks: readonly object[], more: object = {}): Record<string, unknown> {
  return destination('webhooks', name, { globalHook: '', hooks, sharedSecret: '' }, more)
}

export function destination(slug: string, name: string, settings: object, more: object = {}): Record<string, unknown> {
  return {
    id: `5GFhvtz8fhaxVSAUwEfhvu${name.length}`,
    name,
    enabled: true,
    sourceId: 'rh5BDZp6QDHvXFCkibm1pR',
    metadata: {
      id: '54521fdc25e721e32a72ef04',
      name: 'Some tool',
      description: 'A tool',
      slug,
      logos: { default: 'https://cdn.example.com/logo.svg' },
      categories: ['Raw Data'],
    },
    settings,
    ...more,
  }
}

/** The body of an answer that is a list. */
export function page(name: string, list: readonly object[]): object {
  return { data: { [name]: list, pagination: { current: 'MA==', totalEntries: list.length } } }
}
