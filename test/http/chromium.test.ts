/**
 * Segment's browser SDK in a real browser: pages of another origin load it, call it, leave, and find the server away.
 * `script/ensure-chromium` finds or installs the browser.
 */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Call, Endpoint } from '../../src/model/call.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'
import { eventually } from '../support/eventually.ts'
import { onPath } from '../support/on-path.ts'
import { CONFIG, startTestServer, type TestServer } from '../support/server.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

const executable = process.env['CHROMIUM'] ?? onPath(...NAMES)

if (executable === undefined) {
  const message = `none of ${NAMES.join(', ')} is on the PATH: see script/ensure-chromium`
  if (process.env['CI'] === 'true') throw new Error(message)
  console.warn(`\n!!! ${message}: the tests with a real browser are SKIPPED !!!\n`)
}

/** The package as applications have it: a bundle in which `AnalyticsNext` is all that it exports. */
const PACKAGE = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('@segment/analytics-next/package.json')), 'dist/umd/index.js'),
)

const DEFINITIONS: readonly (readonly [path: string, body: object])[] = [
  ['audiences', { name: 'Buyers', definition: { query: "event('Order Completed').count() >= 1" } }],
  ['computed-traits', { name: 'Views', definition: { query: "event('Page Viewed').count()" } }],
  ['computed-traits', { name: 'Clicks', definition: { query: "event('Clicked').count()" } }],
  [
    'audiences',
    {
      name: 'Buying accounts',
      audienceType: 'ACCOUNTS',
      definition: { query: "ANY(event('Order Completed').count() >= 1)" },
    },
  ],
]

/** As Segment's snippet does: calls wait in a list until the script has come, each with the page that it is about. */
function snippet(sdk: string, options: object): string {
  return `
    var analytics = window.analytics = []
    analytics.invoked = true
    analytics.factory = function (method) {
      return function () {
        if (window.analytics.initialized) return window.analytics[method].apply(window.analytics, arguments)
        var call = [method].concat(Array.prototype.slice.call(arguments))
        call.push({ __t: 'bpc', p: location.pathname, u: location.href, s: location.search, t: document.title, r: '' })
        analytics.push(call)
        return analytics
      }
    }
    ;['identify', 'track', 'page', 'group', 'alias'].forEach(function (method) {
      analytics[method] = analytics.factory(method)
    })
    analytics.load = function (key, options) {
      var script = document.createElement('script')
      script.async = true
      script.setAttribute('data-global-segment-analytics-key', 'analytics')
      script.src = '${sdk}/analytics.js/v1/' + key + '/analytics.min.js'
      var first = document.getElementsByTagName('script')[0]
      first.parentNode.insertBefore(script, first)
      analytics._loadOptions = options
    }
    analytics._writeKey = '${CONFIG.writeKey}'
    analytics.load('${CONFIG.writeKey}', ${JSON.stringify(options)})`
}

/** As an application does that has the package in its bundle. */
function bundled(sdk: string, options: object): string {
  const settings = { writeKey: CONFIG.writeKey, cdnURL: sdk }
  return `
    window.analytics = AnalyticsNext.AnalyticsBrowser.load(${JSON.stringify(settings)}, ${JSON.stringify(options)})`
}

/** Options of the SDK for what sends to the server. */
function segment(options: object): object {
  return { integrations: { 'Segment.io': options } }
}

/** Batches that are sent when they are full, or after so many milliseconds. */
function batching(size: number, withinMs: number): object {
  const backoffConfig = { baseBackoffInterval: 0.1, maxBackoffInterval: 0.1 }
  const deliveryStrategy = { strategy: 'batching', config: { size, timeout: withinMs } }
  return segment({ deliveryStrategy, httpConfig: { backoffConfig } })
}

const LOADERS = { snippet, bundled }

describe.skipIf(executable === undefined)('the browser SDK in Chromium', () => {
  let browser: Browser
  let context: BrowserContext
  let server: TestServer
  let shop: Server
  /** The script of the page `/`. */
  let script = ''
  let complaints: string[]
  /** Paths and statuses of the preflights that the browser has had answered. */
  let preflights: string[]

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executable! })
    shop = createServer((request, response) => {
      const isBundle = request.url === '/bundle.js'
      response.setHeader('content-type', isBundle ? 'text/javascript' : 'text/html')
      const head = '<!doctype html><title>Shop</title><link rel="icon" href="data:,"><script src="/bundle.js"></script>'
      response.end(isBundle ? PACKAGE : request.url === '/' ? `${head}<script>${script}</script>` : head)
    }).listen(0, 'localhost')
  })
  afterAll(async () => {
    await browser.close()
    shop.close()
    shop.closeAllConnections()
  })

  beforeEach(async () => {
    server = await startTestServer()
    for (const [path, body] of DEFINITIONS) expect((await server.control('POST', path, body)).status).toBe(200)
    context = await browser.newContext()
    complaints = []
    preflights = []
  })
  afterEach(async () => {
    await context.close()
    await server.stop()
  })

  /** Opens a page of the shop that loads the SDK and makes calls at once. */
  async function open(load: keyof typeof LOADERS, calls: string, options: object = {}): Promise<Page> {
    script = `${LOADERS[load](server.url, options)}\n${calls}`
    const page = await context.newPage()
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    const network = await context.newCDPSession(page)
    network.on('Network.responseReceived', ({ type, response }) => {
      if (type === 'Preflight') preflights.push(`${new URL(response.url).pathname} ${response.status}`)
    })
    await network.send('Network.enable')
    await page.goto(home())
    return page
  }

  function home(): string {
    return `http://localhost:${(shop.address() as AddressInfo).port}/`
  }

  /** Resolves when a profile has just these traits. */
  async function eventuallyTraits(id: string, traits: object, collection = 'users'): Promise<void> {
    await eventually(async () =>
      expect((await server.traits(id, undefined, collection)).body['traits']).toEqual(traits),
    )
  }

  async function eventuallyClicks(id: string, clicks: number): Promise<void> {
    await eventually(async () => expect((await server.traits(id, 'include=clicks')).body['traits']).toEqual({ clicks }))
  }

  /** The requests that the journal has. */
  async function journalled(): Promise<{ endpoint: Endpoint; calls: readonly Call[] }[]> {
    const found: { endpoint: Endpoint; calls: readonly Call[] }[] = []
    for await (const { entry } of server.journal.read(0)) {
      if (entry.kind !== 'requests') continue
      for (const { endpoint, body } of entry.requests)
        found.push({ endpoint, calls: readRequest(endpoint, parseBody(body)).calls.map(({ call }) => call) })
    }
    return found
  }

  /** Resolves when the journal has one call of a type, and gives it. */
  function eventuallyCall(type: Call['type']): Promise<Call> {
    return eventually(async () => {
      const calls = (await journalled()).flatMap((request) => request.calls).filter((call) => call.type === type)
      expect(calls).toHaveLength(1)
      return calls[0]!
    })
  }

  /** Ends the server, and starts it again where it was, with what it had, once `meanwhile` is done. */
  async function away(meanwhile: () => Promise<void>): Promise<void> {
    const { journal, url } = server
    await server.stop()
    await meanwhile()
    server = await startTestServer({ journal, config: { port: Number(new URL(url).port) } })
  }

  it.each(['snippet', 'bundled'] as const)('makes every kind of call, %s', async (load) => {
    const calls = `
      analytics.identify('ada', { plan: 'pro', email: 'ada@example.com' })
      analytics.page('Home')
      analytics.track('Order Completed', { revenue: 50 })
      analytics.group('acme', { tier: 'gold' })
      analytics.alias('ada', 'guest-7')`
    const page = await open(load, calls)
    const own = { buyers: true, buying_accounts: true, views: 1, plan: 'pro', email: 'ada@example.com' }
    await eventuallyTraits('user_id:ada', own)
    await eventuallyTraits('email:ada@example.com', own)
    await eventuallyTraits('group_id:acme', { buying_accounts: true, tier: 'gold' }, 'accounts')
    expect((await eventuallyCall('alias')).ids).toContainEqual({ type: 'user_id', value: 'ada' })
    const [known, unknown] = await page.evaluate<[string, string]>(`(async () => {
      const known = (await analytics.user()).anonymousId()
      await analytics.reset()
      const unknown = (await analytics.user()).anonymousId()
      await analytics.track('Clicked')
      return [known, unknown]
    })()`)
    await eventuallyTraits(`anonymous_id:${known}`, own)
    await eventuallyClicks(`anonymous_id:${unknown}`, 1)
    expect(complaints).toEqual([])
  })

  it('asks before it sends, and sends in batches', async () => {
    const calls = "analytics.identify('ada'); for (let n = 0; n < 5; n++) analytics.track('Clicked')"
    await open('bundled', calls, batching(3, 100))
    await eventuallyClicks('user_id:ada', 5)
    const requests = (await journalled()).map(({ endpoint, calls }) => [endpoint, calls.length])
    expect(requests).toEqual([
      ['batch', 3],
      ['batch', 3],
    ])
    // A second batch that leaves before the first answer is asked for by itself.
    expect([...new Set(preflights)]).toEqual(['/v1/b 204'])
    expect(complaints).toEqual([])
  })

  it('sends what waits for a batch when the page is left', async () => {
    const page = await open('snippet', '', batching(100, 3_600_000))
    await page.waitForFunction('window.analytics.initialized')
    await page.evaluate("analytics.track('Clicked').then(() => undefined)")
    await page.goto(`${home()}elsewhere`)
    await eventuallyCall('track')
    expect(complaints).toEqual([])
  })

  it('finishes a call that is kept alive when the page is left', async () => {
    const page = await open('snippet', '', segment({ deliveryStrategy: { config: { keepalive: true } } }))
    const sent = page.waitForRequest(`${server.url}/v1/t`)
    await page.evaluate("void analytics.track('Clicked')")
    await sent
    await page.goto(`${home()}elsewhere`)
    await eventuallyCall('track')
    expect(complaints).toEqual([])
  })

  it('may be a beacon of the page itself', async () => {
    const call = { type: 'track', userId: 'ada', event: 'Clicked' }
    const body = JSON.stringify({ writeKey: CONFIG.writeKey, batch: [call] })
    const page = await open(
      'bundled',
      `addEventListener('pagehide', () => navigator.sendBeacon('${server.url}/v1/b', '${body}'))`,
    )
    await page.goto(`${home()}elsewhere`)
    await eventuallyClicks('user_id:ada', 1)
    expect(preflights).toEqual([])
    expect(complaints).toEqual([])
  })

  it.each([
    ['one by one', {}],
    ['in batches', batching(3, 100)],
  ])('sends again what did not arrive while the server was away, once, %s', async (_, options) => {
    const page = await open('snippet', "analytics.identify('ada')", options)
    await page.waitForFunction('window.analytics.initialized')
    await away(async () => {
      const failed = page.waitForEvent('requestfailed')
      await page.evaluate("for (let n = 0; n < 3; n++) void analytics.track('Clicked')")
      await failed
    })
    await eventuallyClicks('user_id:ada', 3)
    expect(complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([])
  })

  it('keeps what did not arrive for the next page', async () => {
    const page = await open('snippet', "analytics.identify('ada')")
    await eventuallyCall('identify')
    await away(async () => {
      const failed = page.waitForEvent('requestfailed')
      await page.evaluate("void analytics.track('Clicked')")
      await failed
      await page.goto(`${home()}elsewhere`)
    })
    await page.goto(home())
    await eventuallyClicks('user_id:ada', 1)
    expect(complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([])
  })
})
