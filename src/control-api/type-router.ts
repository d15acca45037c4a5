/** Types of destination over HTTP: those of ours, and the tools of the catalogue. */
import { type Request, type Response, Router } from 'express'
import type { ListedType } from '../model/destination-admin.ts'
import type { DestinationApiOptions } from './destination-router.ts'
import { invalid } from './fields.ts'
import { cursorOf, readPagination } from './requests.ts'
import { SEARCH_LENGTH_MAX } from './search.ts'

const PAGES = { count: 'limit', cursor: 'next', usual: 50 } as const
const LIMIT_MAX = 200

type Matches = (type: ListedType) => boolean

/** Makes the routes; they must be mounted behind the check of the access token. */
export function typeRouter({ destinations }: Pick<DestinationApiOptions, 'destinations'>): Router {
  const router = Router({ caseSensitive: true })
  const all = '/spaces/:spaceId/destination-types'
  router.get(all, ({ query }: Request, response: Response) => {
    const { count, from } = readPagination(query, LIMIT_MAX, PAGES)
    const found = destinations.types().filter(readFilter(query))
    const pagination = {
      ...(from + count < found.length && { next: cursorOf(from + count) }),
      totalEntries: found.length,
    }
    response.json({ data: { destinationTypes: found.slice(from, from + count), pagination } })
  })
  router.get(`${all}/:slug`, ({ params }: Request<{ slug: string }>, response: Response) => {
    response.json({ data: { destinationType: destinations.describedType(params.slug) } })
  })
  return router
}

/** Reads which types a list is asked for. Upper and lower case are one. */
function readFilter(parameters: Readonly<Record<string, unknown>>): Matches {
  const search = readText(parameters, 'search')
  const category = readText(parameters, 'category')
  const { availability } = parameters
  if (availability !== undefined && availability !== 'offered' && availability !== 'off')
    throw invalid('availability', 'expected offered or off')
  return (type) =>
    (search === undefined || [type.slug, type.name, ...type.categories].some((text) => isIn(search, text))) &&
    (category === undefined || type.categories.some((one) => one.toLowerCase() === category)) &&
    (availability === undefined || type.availability === availability)
}

function readText(parameters: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const text = parameters[name]
  if (text === undefined) return undefined
  if (typeof text === 'string' && text !== '' && text.length <= SEARCH_LENGTH_MAX) return text.toLowerCase()
  throw invalid(name, `expected 1 to ${SEARCH_LENGTH_MAX} characters`)
}

function isIn(sought: string, text: string): boolean {
  return text.toLowerCase().includes(sought)
}
