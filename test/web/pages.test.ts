/**
 * Every page of the console, with people in it: axe finds nothing, nothing is wider than the window, the policy refuses
 * nothing, and no address or title says who somebody is. In one theme and width; with `TEST_WEB=full` in all, and with
 * menus, slots and dialogs open.
 */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, ConsoleBrowser, DESKTOP, findingsOf, type ShownAs } from '../support/console-browser.ts'
import { CONFIG, startTestServer, type TestServer } from '../support/server.ts'

const IS_FULL = process.env['TEST_WEB'] === 'full'
const SHOWN: readonly ShownAs[] = IS_FULL
  ? [1440, 390].flatMap((width) => [
      { width, theme: 'light' },
      { width, theme: 'dark' },
    ])
  : [DESKTOP]

/** Somebody's name and id, which belong into pages and nowhere else. */
const PERSON = { userId: 'canary-person', email: 'canary@example.com' }

interface Place {
  readonly name: string
  readonly path: () => string
  /** Shown once it is there. */
  readonly text: string | RegExp
  /** Opens something on it. */
  readonly open?: (page: Page) => Promise<void>
}

describe.skipIf(CHROMIUM === undefined)('every page', () => {
  let server: TestServer
  let browser: ConsoleBrowser
  const ids = { audience: '', trait: '', destination: '', profile: '', account: '' }

  beforeAll(async () => {
    server = await startTestServer()
    await server.ingest('identify', { userId: PERSON.userId, traits: { email: PERSON.email, plan: 'pro' } })
    await server.ingest('group', { userId: PERSON.userId, groupId: 'g1', traits: { plan: 'business' } })
    await server.ingest('track', { userId: PERSON.userId, event: 'Product Added', properties: { price: 120 } })
    const query = "event('Product Added').where(property('price') >= 100).within(7 days).count() >= 1"
    ids.audience = await made('audiences', { name: 'Carts', definition: { query } }, 'audience')
    const counted = { query: "event('Product Added').count()", type: 'USERS' }
    ids.trait = await made('computed-traits', { name: 'Additions', definition: counted }, 'computedTrait')
    const hook = { type: 'webhook', name: 'Hook', enabled: true, settings: { url: 'https://hook.example/' } }
    ids.destination = await made('destinations', hook, 'destination')
    ids.profile = await searched('users', PERSON.userId)
    ids.account = await searched('accounts', 'g1')
    browser = await ConsoleBrowser.open(server.url, CONFIG.accessToken)
  })

  afterAll(async () => {
    await browser.close()
    await server.stop()
  })

  async function made(kind: string, body: object, one: string): Promise<string> {
    const answer = await server.control('POST', kind, body)
    return (answer.body['data'] as Record<string, { id: string }>)[one]!.id
  }

  async function searched(collection: string, id: string): Promise<string> {
    const headers = { authorization: `Bearer ${CONFIG.accessToken}` }
    const init = { method: 'POST', headers, body: JSON.stringify({ id }) }
    const answer = await server.profiles(`${collection}/profiles/search`, init)
    return (answer.body['data'] as { id: string }[])[0]!.id
  }

  const places: readonly Place[] = [
    { name: 'audiences', path: () => '/app/', text: 'Carts' },
    { name: 'a new audience', path: () => '/app/audiences/new', text: 'Users who' },
    { name: 'an audience', path: () => `/app/audiences/${ids.audience}`, text: /meet it/ },
    {
      name: 'its people',
      path: () => `/app/audiences/${ids.audience}/people`,
      text: PERSON.userId,
      open: async (page) => {
        const link = page.getByRole('link', { name: PERSON.userId })
        expect(await link.getAttribute('href')).toBe(`/app/profiles/${ids.profile}`)
      },
    },
    { name: 'its size', path: () => `/app/audiences/${ids.audience}/size`, text: /entered/ },
    {
      name: 'its connections',
      path: () => `/app/audiences/${ids.audience}/connections`,
      text: 'Connect a destination',
    },
    { name: 'its settings', path: () => `/app/audiences/${ids.audience}/settings`, text: 'Description' },
    { name: 'computed traits', path: () => '/app/traits', text: 'Additions' },
    { name: 'a new computed trait', path: () => '/app/traits/new', text: 'Of each user' },
    { name: 'a computed trait', path: () => `/app/traits/${ids.trait}`, text: 'How often they did' },
    {
      name: 'the connections of a computed trait',
      path: () => `/app/traits/${ids.trait}#connections`,
      text: 'Connect a destination',
    },
    { name: 'the settings of a computed trait', path: () => `/app/traits/${ids.trait}#settings`, text: 'Last changed' },
    { name: 'profiles', path: () => '/app/profiles', text: PERSON.userId },
    { name: 'a profile', path: () => `/app/profiles/${ids.profile}`, text: 'Product Added' },
    { name: 'accounts', path: () => '/app/accounts', text: 'g1' },
    { name: 'an account', path: () => `/app/accounts/${ids.account}`, text: 'business' },
    { name: 'destinations', path: () => '/app/destinations', text: 'Hook' },
    { name: 'a new destination', path: () => '/app/destinations/new/webhook', text: 'Add destination' },
    { name: 'a destination', path: () => `/app/destinations/${ids.destination}`, text: 'Test' },
    { name: 'sources', path: () => '/app/sources', text: 'Default' },
    { name: 'a source', path: () => '/app/sources/default', text: /Listening/ },
    {
      name: 'live',
      path: () => '/app/live',
      text: PERSON.userId,
      open: async (page) => {
        const link = page.getByRole('link', { name: PERSON.userId }).first()
        expect(await link.getAttribute('href')).toBe(`/app/profiles/${ids.profile}`)
      },
    },
    { name: 'settings', path: () => '/app/settings', text: 'Viewer' },
    { name: 'a page that there is not', path: () => '/app/elsewhere', text: 'There is no such page.' },
    {
      name: 'a slot that is open',
      path: () => `/app/audiences/${ids.audience}`,
      text: /meet it/,
      open: async (page) => {
        await page.getByRole('button', { name: 'Event: Product Added' }).click()
        await page.getByRole('dialog').getByRole('option').first().waitFor()
      },
    },
    {
      name: 'a slot of a computed trait that is open',
      path: () => `/app/traits/${ids.trait}`,
      text: 'How often they did',
      open: async (page) => {
        await page.getByRole('button', { name: /^What is computed/ }).click()
        await page.getByRole('dialog').getByRole('option').first().waitFor()
      },
    },
    {
      name: 'a menu that is open',
      path: () => `/app/audiences/${ids.audience}`,
      text: /meet it/,
      open: async (page) => {
        await page.getByRole('button', { name: 'This condition' }).click()
        await page.getByRole('menu').waitFor()
      },
    },
    {
      name: 'the actions of a row, by keyboard',
      path: () => '/app/',
      text: 'Carts',
      open: async (page) => {
        const dots = page.getByRole('button', { name: 'Actions of Carts' })
        // On a phone there is no room for it.
        if (!(await dots.isVisible())) return
        await dots.press('ArrowUp')
        await page.getByRole('menuitem', { name: 'Delete…' }).and(page.locator(':focus')).waitFor()
        await page.keyboard.press('Escape')
        await dots.and(page.locator(':focus')).waitFor()
        await dots.press('Enter')
        await page.getByRole('menuitem', { name: 'Open' }).and(page.locator(':focus')).waitFor()
      },
    },
    {
      name: 'rows that are chosen, about to be deleted',
      path: () => '/app/',
      text: 'Carts',
      open: async (page) => {
        await page.getByRole('row', { name: /^Carts/ }).press(' ')
        await page.getByText('1 selected').waitFor()
        expect(await findingsOf(page)).toEqual([])
        await page.getByRole('button', { name: 'Delete…' }).click()
        await page.getByRole('button', { name: 'Delete 1 audience' }).waitFor()
      },
    },
    {
      name: 'a dialog that is open',
      path: () => '/app/live',
      text: 'Live',
      open: async (page) => {
        await page.keyboard.press('?')
        await page.getByRole('dialog').waitFor()
      },
    },
  ]

  for (const as of SHOWN)
    it.each(places)(`passes at ${as.width} px, ${as.theme}: $name`, async ({ path, text, open }) => {
      const page = await browser.page(path(), as)
      await page.getByText(text).first().waitFor({ state: 'attached' })
      await open?.(page)
      expect(await findingsOf(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
      expect(`${page.url()} ${await page.title()}`).not.toMatch(/canary/)
      expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage])')).not.toMatch(/canary/)
      await page.context().close()
    })

  it.each([
    ['settings of a destination', () => `/app/destinations/${ids.destination}`, 'Settings', 'Sources'],
    ['parts of a destination', () => `/app/destinations/${ids.destination}`, 'Settings', 'Deliveries'],
    ['a new destination', () => '/app/destinations/new/webhook', undefined, 'Sources'],
    ['settings of an audience', () => `/app/audiences/${ids.audience}/settings`, undefined, 'Sources'],
  ])('asks before what is not saved is lost: %s', async (_, path, part, away) => {
    const page = await browser.page(path())
    const asked: string[] = []
    let isLeft = false
    page.on('dialog', (dialog) => {
      asked.push(dialog.message())
      void (isLeft ? dialog.accept() : dialog.dismiss())
    })
    const leave = page
      .getByRole('link', { name: away })
      .or(page.getByRole('radio', { name: away }))
      .first()
    if (part) await page.getByRole('radio', { name: part }).click()
    const field = page.locator('main form').getByRole('textbox').nth(1)
    await field.fill('https://other.example/')
    await leave.click()
    await expect.poll(() => asked).toEqual(['Leave without saving?'])
    expect(await field.inputValue()).toBe('https://other.example/')
    isLeft = true
    await leave.click()
    await field.waitFor({ state: 'detached' })
    expect(asked).toHaveLength(2)
    await page.context().close()
  })

  it('deletes the audiences that are chosen, those first that read the others', async () => {
    const define = (name: string, query: string) => made('audiences', { name, definition: { query } }, 'audience')
    await define('Lower', "trait('plan') = 'pro'")
    await define('Upper', "trait('lower') = true")
    const page = await browser.page('/app/')
    const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
    await row('Lower').press(' ')
    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByText('They cannot be deleted while Upper reads some of them.').waitFor()
    expect(await page.getByRole('button', { name: 'Delete 1 audience' }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Keep it' }).click()
    await row('Upper').press(' ')
    await page.getByText('2 selected').waitFor()
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('2 selected').waitFor({ state: 'detached' })
    for (const name of ['Lower', 'Upper']) await row(name).getByText('Disabled').waitFor()
    for (const name of ['Lower', 'Upper']) await row(name).press(' ')
    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByRole('button', { name: 'Delete 2 audiences' }).click()
    await row('Upper').waitFor({ state: 'detached' })
    expect([await row('Lower').count(), await row('Carts').count()]).toEqual([0, 1])
    await page.context().close()
  })

  it('is shown to whoever signs in by the form, and to nobody who has signed out', async () => {
    const page = await browser.page('/app/')
    await page.getByRole('button', { name: /^Space:/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    const token = page.getByLabel('Access token')
    await token.fill('of nobody')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('Nobody has been given this token.').waitFor()
    expect(await findingsOf(page)).toEqual([])
    await token.fill(CONFIG.accessToken)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('row', { name: /^Carts/ }).waitFor()
    expect(await page.getByLabel('Access token').count()).toBe(0)
    await page.context().close()
  })

  it('lets rows be chosen by touch on a phone', async () => {
    const page = await browser.page('/app/', { width: 390, theme: 'light' })
    const box = page.getByRole('checkbox', { name: 'Select Carts' })
    const row = page.getByRole('row', { name: /Carts/ })
    await row.waitFor()
    expect(await box.count()).toBe(0)
    await page.getByRole('button', { name: 'Select', exact: true }).click()
    const { width, height } = (await box.boundingBox())!
    expect([width, height].every((side) => side >= 24)).toBe(true)
    await box.click()
    await page.getByText('1 selected').waitFor()
    expect(await findingsOf(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await row.getByText('Carts').click({ force: true })
    await page.getByText('1 selected').waitFor({ state: 'detached' })
    expect([await box.isChecked(), new URL(page.url()).pathname]).toEqual([false, '/app/'])
    await box.click()
    await page.getByRole('button', { name: 'Done' }).click()
    await box.waitFor({ state: 'detached' })
    expect(await page.getByText('1 selected').count()).toBe(0)
    await row.click()
    await page.waitForURL(/\/app\/audiences\/aud_/)
    await page.context().close()
  })

  it('remembers which columns of the list are left out', async () => {
    const page = await browser.page('/app/')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Net' }).click()
    await page.getByRole('columnheader', { name: 'Net' }).waitFor({ state: 'detached' })
    await page.reload()
    await page.getByRole('columnheader', { name: 'Status' }).waitFor()
    expect(await page.getByRole('columnheader', { name: 'Net' }).count()).toBe(0)
    await page.context().close()
  })

  it('says in the tab who came and went while it was hidden', async () => {
    const pages = [await browser.page('/app/'), await browser.page(`/app/audiences/${ids.audience}`)]
    const looks = (isHidden: boolean) => async (page: Page) => {
      await page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${isHidden} })`)
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    }
    for (const page of pages) await page.getByText('Up to date').waitFor()
    await Promise.all(pages.map(looks(true)))
    await server.ingest('track', { userId: 'another', event: 'Product Added', properties: { price: 120 } })
    for (const page of pages) await expect.poll(() => page.title()).toMatch(/^\(\+1\) (Audiences|Carts) · Rollcall$/)
    await Promise.all(pages.map(looks(false)))
    for (const page of pages) await expect.poll(() => page.title()).toMatch(/^(Audiences|Carts) · Rollcall$/)
    await Promise.all(pages.map((page) => page.context().close()))
  })

  it('is shown without a refusal of the policy, or an error of a script', () => {
    expect(browser.faults).toEqual([])
  })
})
