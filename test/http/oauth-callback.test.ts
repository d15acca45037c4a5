/** The page that ends an authorization: without a token, without scripts, and with nothing that is not text. */
import express from 'express'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CallbackOptions, oauthCallbackRouter } from '../../src/http/oauth-callback.ts'

let finished: unknown[]
let outcome: Awaited<ReturnType<CallbackOptions['finish']>>
let server: ReturnType<express.Express['listen']>

beforeEach(async () => {
  ;[finished, outcome] = [[], { isAuthorized: true, message: 'Sales is authorized.' }]
  const app = express().use(
    oauthCallbackRouter({
      finish: (...answer) => {
        finished.push(answer)
        return Promise.resolve(outcome)
      },
    }),
  )
  await new Promise<void>((resolve) => (server = app.listen(0, '127.0.0.1', () => resolve())))
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

async function come(query: string, method = 'GET'): Promise<{ status: number; type: string | null; text: string }> {
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/oauth/callback?${query}`, { method })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

describe('the page', () => {
  it('says that the app is authorized', async () => {
    const { status, type, text } = await come('state=the-state&code=the-code')
    expect([status, type]).toEqual([200, 'text/html; charset=utf-8'])
    expect(text).toContain('<p>Sales is authorized.</p>')
    expect(text).not.toMatch(/<script|the-code|the-state/)
    expect(finished).toEqual([['the-state', { code: 'the-code', refusal: 'it gave no code' }]])
  })

  it('takes the name that TikTok has for the code', async () => {
    await come('state=the-state&auth_code=the-code&code=')
    expect(finished).toMatchObject([['the-state', { code: 'the-code' }]])
  })

  it('passes on what the tool says, bounded, and a code that is far too long as none', async () => {
    await come(`state=s&error=access_denied&error_description=${'a'.repeat(600)}`)
    await come(`state=s&code=${'a'.repeat(4_097)}`)
    await come('state=s&code=a&code=b')
    expect(finished).toEqual([
      ['s', { code: undefined, refusal: `access_denied: ${'a'.repeat(485)}` }],
      ['s', { code: undefined, refusal: 'it gave no code' }],
      ['s', { code: undefined, refusal: 'it gave no code' }],
    ])
  })

  it('shows words of the tool as text', async () => {
    outcome = { isAuthorized: false, message: `no: <script>alert("1")</script> & 'more'` }
    const { status, text } = await come('state=s&error=x')
    expect(status).toBe(400)
    expect(text).toContain('no: &#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;more&#39;')
    expect(text).not.toContain('<script')
  })

  it('says so of a state that nobody has', async () => {
    outcome = undefined
    for (const query of ['state=s&code=c', 'code=c', '', 'state[a]=b'])
      expect(await come(query)).toMatchObject({ status: 400, text: expect.stringContaining('has expired') as string })
    expect(finished).toHaveLength(1)
  })

  it('takes no state from whoever only looks if it is there', async () => {
    expect((await come('state=s&code=c', 'HEAD')).status).toBe(200)
    expect(finished).toEqual([])
  })
})
