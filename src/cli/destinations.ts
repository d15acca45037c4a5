/** `rollcall destinations`: those of a running server; or the types that there are, which needs no server. */
import { z } from 'zod'
import { catalogueDefinition, catalogueEntry, CALL_KINDS, type Field } from '../../destinations/catalogue/catalogue.ts'
import { describedType, listedTypes, refusalOfType } from '../../destinations/registry.ts'
import { askServer } from './client.ts'
import { EngineError } from '../model/errors.ts'
import type { ClientOptions } from '../server/settings.ts'

type Write = (line: string) => void

const Listed = z.object({
  destinations: z.array(
    z.object({ id: z.string(), name: z.string(), status: z.string(), metadata: z.object({ slug: z.string() }) }),
  ),
})
const Overview = z.object({ overview: z.object({ waiting: z.number(), failed: z.object({ total: z.number() }) }) })

/** Writes one destination a line: name, type, status, deliveries that wait, deliveries that failed for good. */
export async function listDestinations(client: ClientOptions, write: Write): Promise<void> {
  const { destinations } = Listed.parse(await askServer(client, 'GET', 'destinations'))
  for (const { id, name, status, metadata } of destinations) {
    const { overview } = Overview.parse(await askServer(client, 'GET', `destinations/${id}/overview`))
    write(row([name, metadata.slug, status, `${overview.waiting} waiting`, `${overview.failed.total} failed`]))
  }
}

/** Writes one type a line: slug, name, and why it is not offered. @param search a part of a slug, name or category */
export function listTypes(search: string, write: Write): void {
  const sought = search.toLowerCase()
  for (const { slug, name, categories, availability, reason } of listedTypes())
    if ([slug, name, ...categories].some((text) => text.toLowerCase().includes(sought)))
      write(row([slug, name, availability === 'off' ? `off: ${reason ?? 'not offered here'}` : 'offered']))
}

/** Writes the settings of a type, and of a tool its actions, with the calls that go to each by itself. */
export function showType(slug: string, write: Write): void {
  const described = describedType(slug) as Described | undefined
  if (!described) throw new EngineError('validation_error', `--type: ${refusalOfType(slug)}`)
  const { name, description, settings, secrets } = described
  write(`${slug}: ${name}\n`)
  if (description !== undefined && description !== '') write(`${description}\n`)
  write('\nsettings (* must be given)\n')
  const required = settings.required ?? []
  for (const [key, { description: said }] of Object.entries(settings.properties ?? {}))
    write(`  ${key}${required.includes(key) ? '*' : ''}${secrets.includes(key) ? ' (secret)' : ''}${after(said)}\n`)
  if (!catalogueEntry(slug)) return
  const { actions, defaults } = catalogueDefinition(slug)
  write('\nactions, with the calls that go there\n')
  for (const { key, title, fields } of actions) {
    const calls = CALL_KINDS.filter((kind) => defaults[kind]?.action === key)
    write(`  ${key}: ${title}${calls.length > 0 ? ` (${calls.join(', ')})` : ''}\n`)
    for (const field of fields) write(`    ${fieldLine(field)}\n`)
  }
}

interface Described {
  readonly name: string
  readonly description?: string
  readonly secrets: readonly string[]
  readonly settings: {
    readonly properties?: Readonly<Record<string, { readonly description?: string }>>
    readonly required?: readonly string[]
  }
}

function fieldLine({ key, label, required }: Field): string {
  return `${key}${required === true ? '*' : ''}${after(label)}`
}

function after(text: string | undefined): string {
  return text === undefined || text === '' ? '' : `: ${text.replaceAll(/\s+/g, ' ')}`
}

function row(cells: readonly string[]): string {
  return `${cells.join('\t')}\n`
}
