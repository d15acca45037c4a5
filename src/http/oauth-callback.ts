/**
 * The page to which a tool sends a user back who has let an app in. There is no token: whoever has the state is the one
 * who was sent. The page has neither scripts nor styles; words of the tool are text in it.
 */
import { type Request, type Response, Router } from 'express'

/** The outcome, as it is shown. */
export interface ShownOutcome {
  readonly isAuthorized: boolean
  readonly message: string
}

export interface CallbackOptions {
  /**
   * Ends the authorization of a state; undefined if there is none such under way.
   * @param refusal words of the tool, if it has given no code
   */
  readonly finish: (
    state: string,
    answer: { readonly code: string | undefined; readonly refusal: string },
  ) => Promise<ShownOutcome | undefined>
}

const CODE_LENGTH_MAX = 4_096
const REFUSAL_LENGTH_MAX = 500
const EXPIRED: ShownOutcome = {
  isAuthorized: false,
  message: 'This authorization has expired, or has been answered already. Begin again.',
}

export function oauthCallbackRouter({ finish }: CallbackOptions): Router {
  const router = Router({ caseSensitive: true })
  router.get('/oauth/callback', async ({ method, query }: Request, response: Response) => {
    // Whoever looks if the page is there must not use up the state.
    if (method === 'HEAD') {
      response.end()
      return
    }
    const state = textOf(query['state'])
    // TikTok has a name of its own for the code.
    const code = textOf(query['code']) || textOf(query['auth_code'])
    const isCode = code !== '' && code.length <= CODE_LENGTH_MAX
    const answer = { code: isCode ? code : undefined, refusal: refusalIn(query) }
    const outcome = (state === '' ? undefined : await finish(state, answer)) ?? EXPIRED
    response.status(outcome.isAuthorized ? 200 : 400)
    response.type('html').send(pageOf(outcome))
  })
  return router
}

function refusalIn(query: Readonly<Record<string, unknown>>): string {
  const words = [textOf(query['error']), textOf(query['error_description'])].filter((text) => text !== '')
  return words.length === 0 ? 'it gave no code' : words.join(': ').slice(0, REFUSAL_LENGTH_MAX)
}

function textOf(parameter: unknown): string {
  return typeof parameter === 'string' ? parameter : ''
}

function pageOf({ isAuthorized, message }: ShownOutcome): string {
  const title = isAuthorized ? 'Authorized' : 'Not authorized'
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>Rollcall: ${title}</title><h1>${title}</h1><p>${escaped(message)}</p></html>`,
  ].join('\n')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
