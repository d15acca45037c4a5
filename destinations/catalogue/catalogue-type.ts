/** Makes types of destinations of the catalogue's definitions. */
import type { ConfiguredDefinition } from '../contract/definition-runner.ts'
import type { DestinationLimits, DestinationType } from '../contract/destination.ts'
import {
  catalogueDefinition,
  type CatalogueDefinition,
  catalogueEntry,
  type CatalogueEntry,
  type Field,
} from './catalogue.ts'
import { CatalogueDestination } from './catalogue-destination.ts'
import { batchSizeOf, type CatalogueSettings, OWN_SECRETS, OWN_SETTINGS, routesOf, settingsOf } from './settings.ts'

/** A definition makes several requests for some calls. */
const TIMEOUT_MS = 60_000

const types = new Map<string, DestinationType>()

/** Returns the type of a slug; undefined if the catalogue has none such, or it is never offered. */
export function catalogueType(slug: string): DestinationType | undefined {
  const entry = catalogueEntry(slug)
  return entry?.availability === 'offered' ? typeOfTool(entry) : undefined
}

/** Returns the type of a tool, whether or not it is offered. */
export function typeOfTool(entry: CatalogueEntry): DestinationType {
  const held = types.get(entry.slug)
  if (held) return held
  const type = typeOf(entry) as unknown as DestinationType
  types.set(entry.slug, type)
  return type
}

function typeOf(entry: CatalogueEntry): DestinationType<CatalogueSettings> {
  const { slug, folder, name, description = '' } = entry
  const definition = catalogueDefinition(slug)
  const passwords = definition.settings.filter(isSecret).map(({ key }) => key)
  return {
    slug,
    name,
    kind: 'event',
    description,
    settings: settingsOf(definition, entry),
    secrets: [...passwords, ...OWN_SECRETS],
    hosts: definition.settings.filter(isHost).map(({ key }) => key),
    takes: (settings) => {
      const { mappings } = settings as Pick<CatalogueSettings, 'mappings'>
      const routes = routesOf(definition, { ...(mappings && { mappings }) })
      const forTraits = ['identify', 'computed', 'group'] as const
      return {
        identify: routes.has('identify'),
        track: routes.has('entered') || routes.has('exited') || routes.has('computed'),
        group: routes.has('group'),
        computedTraits: forTraits.some((kind) => routes.has(kind) && routes.get(kind)!.audiencesOnly !== true),
      }
    },
    deletesUsers: definition.hasDelete,
    limits: (settings) => limitsOf(definition, settings),
    connect: (settings, context) => {
      const configured = configuredOf(settings, { folder, destinationId: context.destinationId })
      return new CatalogueDestination(definition, { settings, configured }, context)
    },
  }
}

/**
 * The limits of the settings. A job of batches makes a request for each kind of call that is in it; one with calls that
 * go one by one could make as many as it has calls, so that, with a rate to keep, it has none but such.
 */
function limitsOf(
  definition: CatalogueDefinition,
  { batching, requestsPerSecond, mappings }: CatalogueSettings,
): DestinationLimits {
  const routes = [...routesOf(definition, { ...(mappings && { mappings }) }).values()]
  const sizes = routes.map((route) => (batching ? batchSizeOf(definition, route) : 1))
  const isPaced = requestsPerSecond !== undefined
  const batchCalls = isPaced && sizes.includes(1) ? 1 : Math.max(1, ...sizes)
  return {
    batchCalls,
    ...(isPaced && { requestsPerSecond: batchCalls > 1 ? requestsPerSecond / routes.length : requestsPerSecond }),
    timeoutMs: TIMEOUT_MS,
    gatherMs: 0,
  }
}

/** Takes our own settings out of those that the definition gets. */
function configuredOf(
  settings: CatalogueSettings,
  names: Pick<ConfiguredDefinition, 'folder' | 'destinationId'>,
): ConfiguredDefinition {
  const own: readonly string[] = OWN_SETTINGS
  const theirs = Object.fromEntries(Object.entries(settings).filter(([name]) => !own.includes(name)))
  return { ...names, settings: theirs, oauth: settings.oauth, environment: settings.partnerSecrets }
}

/** Some definitions have keys as plain text. */
function isSecret({ key, type, choices }: Field): boolean {
  return type === 'password' || (type === 'string' && choices === undefined && /^(api_?key|auth_?token)$/i.test(key))
}

/** A setting by which requests, and secrets with them, could go elsewhere. */
function isHost({ key, type, choices }: Field): boolean {
  return type === 'string' && choices === undefined && /url|host|domain|endpoint|instance|server/i.test(key)
}
