/** Lookups of traits, which are asked for most. */
import { parse } from 'node:querystring'
import { tokenOf } from '../http/access.ts'
import { type AnswerForm, type DirectRoute, type HttpExchange, headersOf } from '../http/direct.ts'
import type { Parameters } from '../profile-api/parameters.ts'
import { type Asked, checkedSpace, type Lookup, profileErrorBody, PROFILES, ROOTS } from '../profile-api/router.ts'
import { type DispatchOptions, spaceFor } from './dispatch.ts'

/** Texts of parameters whose reading is kept; then keeping begins anew. */
const READ_MAX = 1_000

/** Answers lookups of traits where their rate has no bound; a path that cannot be read is for the application. */
export function traitsRoute(options: DispatchOptions): DirectRoute {
  const forms = new Map(ROOTS.map((root) => [root, formOf(root)]))
  const parametersOf = parametersReader()
  return (exchange) => {
    const { method, url = '' } = exchange.request
    const asked = method === 'GET' ? askedBy(url, parametersOf) : undefined
    if (!asked) return false
    const form = forms.get(asked.root)!
    try {
      const lookUp = lookupFor(asked.space, exchange, options)
      if (!lookUp) return false
      const found = lookUp(asked)
      if (found instanceof Promise) void answerLater(exchange, form, found)
      else exchange.answer(form, found)
    } catch (error) {
      exchange.refuse(form, error)
    }
    return true
  }
}

function formOf(root: string): AnswerForm {
  const route = `${root}/${PROFILES}/:identifier/traits`
  return { route, headers: headersOf(), errorBody: profileErrorBody }
}

async function answerLater(exchange: HttpExchange, form: AnswerForm, finding: Promise<string>): Promise<void> {
  try {
    exchange.answer(form, await finding)
  } catch (error) {
    exchange.refuse(form, error)
  }
}

/** Returns the lookup of the space that a request is for, if its token opens that; undefined: the rate is bounded. */
function lookupFor(named: string, exchange: HttpExchange, options: DispatchOptions): Lookup | undefined {
  const grant = options.access.grantOf(tokenOf(exchange.authorization))
  const { id, space } = spaceFor(options, named, grant)
  exchange.spaceId = id
  if (space.lookUpTraits) checkedSpace(grant && id, named)
  return space.lookUpTraits
}

const PATH =
  /^(\/v1\/(?:spaces|namespaces))\/([^/?#]*)\/collections\/([^/?#]+)\/profiles\/([^/?#]+)\/traits(?:\?([^#]*))?$/

/** Returns what is asked for; undefined if it is not traits, or cannot be read. */
function askedBy(url: string, parametersOf: (text: string) => Parameters): Asked | undefined {
  const match = PATH.exec(url)
  if (!match) return undefined
  const [, root = '', space = '', collection = '', identifier = '', query = ''] = match
  const parameters = parametersOf(query)
  if (!url.includes('%')) return { root, space, collection, identifier, parameters }
  try {
    const [named, of, profile] = [space, collection, identifier].map(decodeURIComponent) as [string, string, string]
    return { root, space: named, collection: of, identifier: profile, parameters }
  } catch {
    return undefined
  }
}

/** Makes a reader of parameters: a client asks with the same ones again and again. */
function parametersReader(): (text: string) => Parameters {
  const read = new Map<string, Parameters>()
  return (text) => {
    let parameters = read.get(text)
    if (!parameters) {
      if (read.size >= READ_MAX) read.clear()
      read.set(text, (parameters = parse(text)))
    }
    return parameters
  }
}
