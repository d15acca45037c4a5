/** A page that loads Segment's browser SDK from the server by the usual snippet, and sends to the server. */
import { JSDOM } from 'jsdom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { CONFIG, send, startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

/** As the snippet does: what is called before the script has come waits in a list. */
function pageWith(script: string): string {
  return `<html><head><title>Shop</title><script>
    window.analytics = [['identify', 'browser-user', { plan: 'pro' }], ['track', 'Clicked', { label: 'buy' }]]
    window.analytics._writeKey = '${CONFIG.writeKey}'
    window.analytics.invoked = true
    window.analytics.initialize = false
    window.analytics._loadOptions = {}
  </script><script async src="${script}"></script></head></html>`
}

describe('the browser SDK', () => {
  it('is loaded from here, and sends here what the page calls', async () => {
    const clicks = { name: 'Clicks', definition: { query: "event('Clicked').count()" } }
    await server.control('POST', 'computed-traits', clicks)
    const script = `${server.url}/analytics.js/v1/${CONFIG.writeKey}/analytics.min.js`
    const page = new JSDOM(pageWith(script), {
      url: 'http://shop.example/',
      runScripts: 'dangerously',
      resources: 'usable',
    })
    await eventually(async () =>
      expect((await server.traits('user_id:browser-user')).body['traits']).toEqual({ clicks: 1, plan: 'pro' }),
    )
    page.window.close()
  })

  it('may be loaded by pages of any origin, and be kept for minutes', async () => {
    const { status, headers } = await fetch(`${server.url}/analytics.js/v1/${CONFIG.writeKey}/analytics.min.js`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('javascript')
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(headers.get('cache-control')).toBe('public, max-age=300')
  })

  it.each(['/analytics.js/v1/unknown/analytics.min.js', '/analytics-next/bundles/unknown.js'])(
    'has nothing at %s',
    async (path) => {
      const { status, body } = await send(server.url + path)
      expect(status).toBe(404)
      expect(body).toMatchObject({ success: false, code: 'not_found' })
    },
  )
})
