/**
 * Pages as whoever may not change all sees them: each button and each action of a menu is tried, and the API refuses
 * none for the role. With `TEST_WEB=full`.
 */
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, ConsoleBrowser } from '../support/console-browser.ts'
import { CONFIG, startTestServer, type TestServer } from '../support/server.ts'

const IS_FULL = process.env['TEST_WEB'] === 'full'
/** So many at least are tried by each role. */
const TRIES_LEAST: Readonly<Record<string, number>> = { viewer: 40, editor: 90 }
/** So many at most are tried on one page. */
const TRIES_MAX = 40

describe.skipIf(CHROMIUM === undefined || !IS_FULL)('those who may not change all', () => {
  let server: TestServer
  const ids = { audience: '', trait: '', destination: '', profile: '', account: '' }

  beforeAll(async () => {
    server = await startTestServer()
    await server.ingest('group', { userId: 'u1', groupId: 'g1', traits: { plan: 'business' } })
    await server.ingest('track', { userId: 'u1', event: 'Order', properties: { price: 120 } })
    const definition = { query: "event('Order').count() >= 1" }
    ids.audience = await made('audiences', { name: 'Buyers', definition }, 'audience')
    const counted = { query: "event('Order').count()", type: 'USERS' }
    ids.trait = await made('computed-traits', { name: 'Orders', definition: counted }, 'computedTrait')
    const hook = { type: 'webhook', name: 'Hook', enabled: true, settings: { url: 'https://hook.example/' } }
    ids.destination = await made('destinations', hook, 'destination')
    ids.profile = await searched('users', 'u1')
    ids.account = await searched('accounts', 'g1')
  })

  afterAll(() => server.stop())

  async function made(kind: string, body: object, one: string): Promise<string> {
    const answer = await server.control('POST', kind, body)
    return (answer.body['data'] as Record<string, { id: string }>)[one]!.id
  }

  async function searched(collection: string, id: string): Promise<string> {
    const answer = await server.profiles(`${collection}/profiles/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CONFIG.accessToken}` },
      body: JSON.stringify({ id }),
    })
    return (answer.body['data'] as { id: string }[])[0]!.id
  }

  const paths = (): string[] => [
    '',
    'audiences/new',
    ...['', '/people', '/size', '/connections', '/settings'].map((tab) => `audiences/${ids.audience}${tab}`),
    'traits',
    'traits/new',
    `traits/${ids.trait}`,
    'profiles',
    `profiles/${ids.profile}`,
    'accounts',
    `accounts/${ids.account}`,
    'destinations',
    'destinations/new/webhook',
    `destinations/${ids.destination}`,
    'sources',
    'sources/default',
    'live',
    'settings',
  ]

  it.each(['viewer', 'editor'])('are offered nothing that is refused: %s', async (role) => {
    const answer = await server.control('POST', 'tokens', { name: role, role })
    const { secret } = (answer.body['data'] as { token: { secret: string } }).token
    const browser = await ConsoleBrowser.open(server.url, secret)
    const page = await browser.page('/app/')
    const refused: string[] = []
    let [tried, tries] = ['', 0]
    page.on('response', (response) => {
      const request = response.request()
      if (response.status() === 403) refused.push(`${tried}: ${request.method()} ${new URL(response.url()).pathname}`)
    })
    // Nothing is removed: the role is looked at before what it is about.
    await page.route('**', (route) => {
      const request = route.request()
      if (request.method() !== 'DELETE') return route.continue()
      return route.continue({ url: request.url().replace(/[^/]+$/, 'none') })
    })
    page.on('dialog', (dialog) => void dialog.accept())
    for (const path of paths()) {
      const url = `${server.url}/app/${path}`
      const seen = new Set<string>()
      for (let count = 0; count < TRIES_MAX; count++) {
        tried = `/${path}`
        const isElsewhere = page.url() !== url || (await page.locator('[role$=dialog]').isVisible())
        if (isElsewhere || count === 0) await opened(page, url)
        const next = await unseen(page.locator('main button:visible:enabled'), seen)
        if (!next) break
        tried = `/${path} ${next.name}`
        tries++
        await next.button.click()
        await tryWhatOpened(page)
      }
    }
    expect([...new Set(refused)]).toEqual([])
    expect(tries).toBeGreaterThanOrEqual(TRIES_LEAST[role]!)
    await browser.close()
  })
})

async function opened(page: Page, url: string): Promise<void> {
  await page.goto(url)
  await page.locator('main').first().waitFor()
  await expect.poll(() => page.locator('[aria-busy=true]').count()).toBe(0)
}

/** Returns the first of the buttons whose name was not seen before. */
async function unseen(buttons: Locator, seen: Set<string>) {
  for (const button of await buttons.all()) {
    const name = (await button.getAttribute('aria-label')) ?? (await button.innerText()).trim()
    if (seen.has(name)) continue
    seen.add(name)
    return { button, name }
  }
  return undefined
}

/** Confirms what asks, takes the last of a menu, and closes the rest. */
async function tryWhatOpened(page: Page): Promise<void> {
  const last = page.getByRole('menuitem').last()
  if (await last.isVisible()) await last.click()
  const confirm = page.locator('[role=alertdialog] .btn.danger:enabled')
  if (await confirm.isVisible()) await confirm.click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
}
