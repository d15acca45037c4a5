/** The names that calls have had lately: events, properties and traits. */
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import type { ObservedEvent, ObservedField } from '../model/observed.ts'
import { formatInstant } from '../model/time.ts'
import type { Collection } from '../model/trait-catalogue.ts'
import { fields, invalid, parsed } from './fields.ts'

export interface ObservedApi {
  /** Lists events, those that came most in 24 hours first. @param search a part of the name, in capitals or not */
  events(now: number, range: { readonly search: string; readonly limit: number }): readonly ObservedEvent[]
  /** Lists the properties of an event; undefined if it was not seen. */
  properties(event: string): readonly ObservedField[] | undefined
  traits(collection: Collection): readonly ObservedField[]
}

export interface ObservedApiOptions {
  readonly clock: () => number
  readonly observed: ObservedApi
}

const LIMIT_MAX = 500
const Events = fields({ search: z.string().max(200).default(''), limit: z.string().default('50') })
const Traits = fields({ collection: z.enum(['users', 'accounts']).default('users') })

export function observedRouter({ clock, observed }: ObservedApiOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/spaces/:spaceId/observed/events', ({ query }: Request, response: Response): void => {
    const events = observed.events(clock(), readRange(query))
    const shown = events.map((event) => ({ ...event, lastSeenAt: formatInstant(event.lastSeenAt) }))
    response.json({ data: { events: shown } })
  })
  router.get(
    '/spaces/:spaceId/observed/events/:name/properties',
    ({ params }: Request<{ name: string }>, response: Response): void => {
      const properties = observed.properties(params.name)
      if (!properties) throw new EngineError('not_found', 'name: there was no such event lately', 'name')
      response.json({ data: { properties } })
    },
  )
  router.get('/spaces/:spaceId/observed/traits', ({ query }: Request, response: Response): void => {
    response.json({ data: { traits: observed.traits(parsed(Traits, query).collection) } })
  })
  return router
}

function readRange(query: object): { readonly search: string; readonly limit: number } {
  const { search, limit } = parsed(Events, query)
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > LIMIT_MAX)
    throw invalid('limit', `expected a whole number from 1 to ${LIMIT_MAX}`)
  return { search, limit: Number(limit) }
}
