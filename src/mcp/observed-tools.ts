/** Names for queries, as calls have had them lately: `observed_events`, `observed_properties`, `observed_traits`. */
import type { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { withParameters } from './api.ts'
import { addTool, type ToolAnswer, type ToolSetting } from './tool.ts'
import { bounded, counted, cut, lines, percent, valueText } from './text.ts'

const EVENTS_DEFAULT = 30
const EVENTS_MAX = 100
const FIELDS_SHOWN_MAX = 100
const VALUES_SHOWN_MAX = 5

const Events = z.object({
  events: z.array(z.object({ name: z.string(), count24h: z.number(), lastSeenAt: z.string() })),
})
const Field = z.object({
  path: z.string(),
  present: z.number(),
  types: z.array(z.object({ type: z.string(), share: z.number() })),
  values: z.array(z.object({ value: z.unknown(), share: z.number() })).optional(),
})
const Properties = z.object({ properties: z.array(Field) })
const Traits = z.object({ traits: z.array(Field) })

export function addObservedTools(server: McpServer, { api }: ToolSetting): void {
  addTool(server, {
    name: 'observed_events',
    title: 'Observed events',
    description: "Lists the names of events that have come lately, the most frequent first, for event('…') in a query.",
    input: z.strictObject({
      search: z.string().optional().describe('A part of the name; upper and lower case are one.'),
      limit: z.int().min(1).max(EVENTS_MAX).default(EVENTS_DEFAULT),
    }),
    answer: async ({ search, limit }) => {
      const { events } = Events.parse(await api.control('GET', withParameters('observed/events', { search, limit })))
      const text = events.map(({ name, count24h }) => `${cut(name)}: ${count24h} in 24 hours`)
      return { text: lines(`${counted(events.length, 'event')}:`, ...text), data: { events } }
    },
  })
  addTool(server, {
    name: 'observed_properties',
    title: 'Observed properties of an event',
    description:
      "Lists the properties that an event has had lately, with types and frequent values, for property('…').",
    input: z.strictObject({ event: z.string().min(1).describe('The name of the event, as observed_events has it.') }),
    answer: async ({ event }) => {
      const answer = await api.control('GET', `observed/events/${encodeURIComponent(event)}/properties`)
      return fieldsAnswer('properties', Properties.parse(answer).properties)
    },
  })
  addTool(server, {
    name: 'observed_traits',
    title: 'Observed traits',
    description: "Lists custom traits that calls have had lately, with types and frequent values, for trait('…').",
    input: z.strictObject({ collection: z.enum(['users', 'accounts']).default('users') }),
    answer: async ({ collection }) => {
      const answer = await api.control('GET', withParameters('observed/traits', { collection }))
      return fieldsAnswer('traits', Traits.parse(answer).traits)
    },
  })
}

function fieldsAnswer(noun: 'properties' | 'traits', all: readonly z.infer<typeof Field>[]): ToolAnswer {
  const shown = all.slice(0, FIELDS_SHOWN_MAX).map(({ values, ...field }) => ({
    ...field,
    ...(values && {
      values: values.slice(0, VALUES_SHOWN_MAX).map(({ value, share }) => ({ value: bounded(value), share })),
    }),
  }))
  const text = shown.map(({ path, present, types, values = [] }) => {
    const kinds = types.map(({ type, share }) => (share === 1 ? type : `${type} (${percent(share)})`)).join(', ')
    const frequent = values.map(({ value, share }) => `${valueText(value)} (${percent(share)})`).join(', ')
    return `${cut(path)}: ${kinds}; in ${percent(present)} of the calls${frequent === '' ? '' : `; ${frequent}`}`
  })
  const count = `${shown.length} of ${all.length} ${noun}:`
  return { text: lines(count, ...text), data: { [noun]: shown, total: all.length } }
}
