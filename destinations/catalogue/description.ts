/** The catalogue's tools as an API shows them; their definitions are not needed. */
import { z } from 'zod'
import type { ListedType } from '../../src/model/destination-admin.ts'
import { EngineError } from '../../src/model/errors.ts'
import { actionOf } from './settings.ts'
import { catalogueDefinition, catalogueEntries, catalogueEntry, type CatalogueEntry } from './catalogue.ts'
import { typeOfTool } from './catalogue-type.ts'
import { isInstalled } from './host/folder.ts'
import { oauthVendor } from './oauth.ts'

/** Lists the tools that are shown, in the order of their names. */
export function listedTools(): ListedType[] {
  const installed = isInstalled()
  return catalogueEntries()
    .filter(isShown)
    .map((entry) => ({ ...summaryOf(entry), installed }))
}

/** Returns all that there is to say of a tool; undefined if none of that slug is shown. */
export function describedTool(slug: string): object | undefined {
  const entry = catalogueEntry(slug)
  if (!entry || !isShown(entry)) return undefined
  const { settings, secrets, hosts } = typeOfTool(entry)
  const { audienceSettings, actions, presets = [], defaults } = catalogueDefinition(slug)
  const schema = z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' })
  return {
    ...summaryOf(entry),
    installed: isInstalled(),
    canAuthorize: oauthVendor(entry.folder, {}) !== undefined,
    settings: schema,
    secrets,
    hosts,
    ...(audienceSettings.length > 0 && { audienceSettings }),
    actions,
    presets,
    defaults,
  }
}

/** Throws an EngineError for a field whose values the tool does not list, and for a type that has none such. */
export function checkField(slug: string, { action: key, field }: { readonly action: string; readonly field: string }) {
  if (!catalogueEntry(slug))
    throw new EngineError('validation_error', `id: a destination of the type ${slug} has no actions`, 'id')
  const definition = catalogueDefinition(slug)
  const action = actionOf(definition, key)
  if (!action) {
    const known = definition.actions.map((one) => one.key).join(', ')
    throw new EngineError('validation_error', `action: expected one of ${known}, got another`, 'action')
  }
  const { dynamicFields } = action
  if (dynamicFields.some((name) => field === name || field.startsWith(`${name}.`))) return
  const known = dynamicFields.length > 0 ? `one of ${dynamicFields.join(', ')}` : `none, as ${key} has no such fields`
  throw new EngineError('validation_error', `field: expected ${known}, got another`, 'field')
}

function isShown({ availability }: CatalogueEntry): boolean {
  return availability !== 'denied'
}

function summaryOf(entry: CatalogueEntry) {
  const { slug, name, description, website, categories, authentication, needs, environment } = entry
  const { availability, reason, hasAudiences, batches } = entry
  return {
    slug,
    name,
    kind: 'event',
    origin: 'catalogue',
    ...(description !== undefined && { description }),
    ...(website !== undefined && { website }),
    categories,
    authentication,
    needs,
    environment,
    availability: availability === 'off' ? 'off' : 'offered',
    ...(reason !== undefined && { reason }),
    hasAudiences,
    batching: batches ? 'by_tool' : 'none',
  } as const
}
