/**
 * The story of the product, told by clicking, in a real browser and a server of its own: audiences are built,
 * previewed, downloaded and connected, and somebody is looked up in the API. Once by keyboard alone.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, ConsoleBrowser, findingsOf, take, taken } from '../support/console-browser.ts'
import { eventually } from '../support/eventually.ts'
import { runServe, type ServeProcess } from '../support/run-serve.ts'

const TOKEN = 'token-of-the-story'
const KEY = 'key-of-the-story'
const DAY = 86_400_000

interface Told {
  readonly userId?: string
  readonly traits?: Record<string, unknown>
}

/** People, by what is true of them. */
const PEOPLE = ['left', 'ordered', 'cheap', 'lapsed', 'recent'] as const

function callsAt(now: number): object[] {
  const at = (ago: number): string => new Date(now - ago).toISOString()
  const track = (userId: string, event: string, ago: number, properties: object = {}) => ({
    type: 'track',
    userId,
    event,
    properties,
    timestamp: at(ago),
  })
  const shoe = { product_id: 'p1', price: 120 }
  return [
    ...PEOPLE.map((userId) => ({ type: 'identify', userId, traits: { email: `${userId}@example.com` } })),
    track('left', 'Product Added', 2 * DAY, shoe),
    track('left', 'Order Completed', 2 * DAY - 60_000, { product_id: 'p2', price: 10 }),
    track('ordered', 'Product Added', 2 * DAY, shoe),
    track('ordered', 'Order Completed', 2 * DAY - 60_000, shoe),
    track('cheap', 'Product Added', 2 * DAY, { product_id: 'p1', price: 20 }),
    track('lapsed', 'Order Completed', 40 * DAY, shoe),
    track('recent', 'Order Completed', 40 * DAY, shoe),
    track('recent', 'Order Completed', DAY, { ...shoe, coupon: 'spring' }),
    ...['g1', 'g2'].map((groupId) => ({ type: 'group', userId: groupId, groupId, traits: { plan: 'business' } })),
    { type: 'group', userId: 'g3', groupId: 'g3', traits: { plan: 'team' } },
    track('g1', 'Signed In', DAY),
  ]
}

describe.skipIf(CHROMIUM === undefined)('the story', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-story-'))
  const told: Told[] = []
  let server: ServeProcess
  let url = ''
  let browser: ConsoleBrowser
  let hook: Server

  beforeAll(async () => {
    hook = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        told.push(JSON.parse(Buffer.concat(chunks).toString()) as Told)
        response.end()
      })
    }).listen(0, '127.0.0.1')
    await once(hook, 'listening')
    const settings = {
      WRITE_KEY: KEY,
      ACCESS_TOKEN: TOKEN,
      DESTINATIONS_ALLOW_PRIVATE: '127.0.0.0/8',
      LOG_LEVEL: 'info',
    }
    server = runServe(directory, settings)
    url = await server.ready
    await eventually(async () => (await fetch(`${url}/readyz`)).ok)
    const authorization = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`
    const body = JSON.stringify({ batch: callsAt(Date.now()) })
    const sent = await fetch(`${url}/v1/batch`, { method: 'POST', headers: { authorization }, body })
    expect(await sent.json()).toEqual({ success: true })
    browser = await ConsoleBrowser.open(url, TOKEN)
  })

  afterAll(async () => {
    await browser.close()
    await server.end('SIGTERM')
    hook.close()
    rmSync(directory, { recursive: true, force: true })
  })

  /** Reads the members of an audience from the API, by the key that its name makes. */
  async function membersOf(key: string): Promise<string[]> {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const ask = async (path: string) =>
      (await (await fetch(`${url}/spaces/default/${path}`, { headers })).json()) as {
        data: { audiences: { id: string; key: string }[]; members: { id: string }[] }
      }
    const { audiences } = (await ask('audiences')).data
    const { id } = audiences.find((audience) => audience.key === key)!
    return (await ask(`audiences/${id}/members?limit=100`)).data.members.map((member) => member.id).sort()
  }

  /** Reads a trait of somebody from the API. */
  async function traitOf(name: string, key: string): Promise<unknown> {
    const path = `/v1/spaces//collections/users/profiles/email:${name}@example.com/traits?limit=100`
    const authorization = `Basic ${Buffer.from(`${TOKEN}:`).toString('base64')}`
    const answer = await fetch(url + path, { headers: { authorization } })
    return ((await answer.json()) as { traits: Record<string, unknown> }).traits[key]
  }

  async function newAudience(name: string): Promise<Page> {
    const page = await browser.page('/app/audiences/new')
    await page.getByRole('textbox', { name: 'Name of the audience' }).fill(name)
    return page
  }

  /** Waits until the preview is exact, and says how many. */
  async function exactSize(page: Page): Promise<string> {
    await page.getByText('exact', { exact: true }).first().waitFor()
    return (await page.getByLabel('Preview').getByRole('status').first().innerText()).replace(/\s+/g, ' ')
  }

  async function create(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Create audience' }).click()
    await page.waitForURL(/\/app\/audiences\/aud_/)
  }

  it('builds an event with a price above a limit, and not the order of the same product within an hour', async () => {
    const page = await newAudience('Cart left')
    await take(page, /First condition/, 'Product Added')
    await take(page, /Add a property/, 'price')
    await take(page, /^Comparator/, 'is more than')
    await take(page, /^Value/, '100')
    await take(page, /Add what happened then/, 'Order Completed')
    await take(page, /Did or did not/, 'did not do')
    await take(page, /Add a property/, 'product_id')
    await take(page, /^Comparator/, 'is')
    await page
      .getByRole('button', { name: /^Value/ })
      .last()
      .click()
    await page.getByRole('dialog').getByRole('radio', { name: 'Product Added' }).click()
    await taken(page, 'product_id')
    expect(await exactSize(page)).toBe('1 people')
    await page.getByText('Waits until 1 hour is over.').waitFor()
    await create(page)
    expect(await membersOf('cart_left')).toEqual(['user_id:left'])
    await page.context().close()
  })

  it('builds in between 30 and 90 days, and not in the last 30', async () => {
    const page = await newAudience('Lapsing')
    await take(page, /First condition/, 'Order Completed')
    await take(page, /^When/, 'in between')
    await page.getByRole('button', { name: /Add a condition that must not hold/ }).click()
    await taken(page, 'Order Completed')
    await take(page, /^When/, 'within the last')
    await take(page, /^How long/, '30 days')
    expect(await exactSize(page)).toBe('1 people')
    await create(page)
    expect(await membersOf('lapsing')).toEqual(['user_id:lapsed'])
    await page.context().close()
  })

  it('builds accounts on the business plan where no user signed in', async () => {
    const page = await newAudience('Business, nobody signed in')
    await page.getByRole('radio', { name: 'Accounts' }).click()
    await page.getByRole('button', { name: /First condition/ }).click()
    await page.getByRole('dialog').getByRole('radio', { name: 'A trait' }).click()
    await taken(page, 'plan')
    await take(page, /^Comparator/, 'is')
    await take(page, /^Value/, 'business')
    await page.getByRole('button', { name: /Add a condition that must hold too/ }).click()
    await taken(page, 'Signed In')
    await take(page, /^Of the users/, 'where no user')
    await page.getByText('True for accounts without users.').waitFor()
    expect(await exactSize(page)).toBe('1 accounts')
    await create(page)
    expect(await membersOf('business_nobody_signed_in')).toEqual(['group_id:g2'])
    await page.context().close()
  })

  it('builds a computed trait, and changes it by its text', async () => {
    const page = await browser.page('/app/traits/new')
    await page.getByRole('textbox', { name: 'Name of the computed trait' }).fill('Big orders')
    await take(page, /First event/, 'Order Completed')
    await take(page, /^What is computed/, 'sum of')
    await take(page, /^Property/, 'price')
    await take(page, /Add a property/, 'price')
    await take(page, /^Comparator/, 'is at least')
    await take(page, /^Value/, '100')
    await take(page, /^When/, 'within the last')
    await take(page, /^How long/, '60 days')
    const values = page.getByLabel('Values', { exact: true })
    await values.getByText('exact', { exact: true }).waitFor()
    expect((await values.getByRole('status').first().innerText()).replace(/\s+/g, ' ')).toBe('3 people')
    await page.getByRole('button', { name: 'Create computed trait' }).click()
    await page.waitForURL(/\/app\/traits\/tra_/)
    await eventually(async () => (await traitOf('recent', 'big_orders')) === 240)

    await page.getByRole('navigation', { name: 'Big orders' }).waitFor()
    const editor = page.getByRole('textbox', { name: 'Query text' })
    await editor.fill("event('Order Completed').max(property('price'))")
    await page.getByRole('button', { name: 'What is computed: The greatest' }).focus()
    await page.keyboard.press('Control+Enter')
    await page.getByText('unsaved').waitFor({ state: 'hidden' })
    await eventually(async () => (await traitOf('recent', 'big_orders')) === 120)
    await page.context().close()
  })

  it('edits text and form as one, keeps what does not read, and undoes both', async () => {
    const page = await newAudience('Text')
    const editor = page.getByRole('textbox', { name: 'Query text' })
    await editor.fill("event('Product Added').count() >= 2")
    await page.getByRole('button', { name: 'Event: Product Added' }).waitFor()
    expect(await page.getByRole('button', { name: 'Times: 2' }).count()).toBe(1)
    await editor.press('End')
    await editor.pressSequentially(' AND')
    await page.getByText(/Line 1, column/).waitFor()
    expect(await page.getByText('Product Added', { exact: true }).count()).toBeGreaterThan(0)
    await editor.fill("event('Product Added').count() >= 2 AND (trait('a') = 1 AND trait('b') = 2 OR trait('c') = 3)")
    await page.getByLabel('written as text').waitFor()
    expect(await page.getByLabel('written as text').inputValue()).toBe("trait('a') = 1 AND trait('b') = 2")
    await take(page, /^Times/, '5')
    await expect.poll(async () => editor.innerText()).toContain('>= 5')
    await page.getByRole('textbox', { name: 'Name of the audience' }).blur()
    await page.getByRole('button', { name: 'Times: 5' }).focus()
    await page.keyboard.press('Control+z')
    await page.getByRole('button', { name: 'Times: 2' }).waitFor()
    page.on('dialog', (dialog) => void dialog.accept())
    await page.context().close()
  })

  it('completes properties by the event that they are of, in a funnel by the child or its parent', async () => {
    const page = await newAudience('Completed')
    const editor = page.getByRole('textbox', { name: 'Query text' })
    const offered = async (typed: string): Promise<string[]> => {
      await editor.pressSequentially(typed)
      const options = page.getByRole('listbox', { name: 'Completions' }).locator('.cm-completionLabel')
      await options.first().waitFor()
      return options.allInnerTexts()
    }
    await editor.fill("event('Product Added').where( NOT event('Order Completed').where( property(")
    await editor.press('Control+End')
    expect((await offered("'")).sort()).toEqual(['coupon', 'price', 'product_id'])
    await page.keyboard.press('Escape')
    await editor.pressSequentially("price') = property(parent: ")
    expect((await offered("'")).sort()).toEqual(['price', 'product_id'])
    await page.getByRole('option', { name: /^product_id/ }).click()
    await expect.poll(() => editor.innerText()).toContain("property(parent: 'product_id")
    page.on('dialog', (dialog) => void dialog.accept())
    await page.context().close()
  })

  it('leaves a source out, and lets it count again, in the form and in the text', async () => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
    const made = await fetch(`${url}/spaces/default/sources`, { method: 'POST', headers, body: '{"name":"The till"}' })
    const { source } = ((await made.json()) as { data: { source: { id: string } } }).data
    const page = await newAudience('Sources')
    const editor = page.getByRole('textbox', { name: 'Query text' })
    await editor.fill("event('Product Added').count() >= 1")
    await take(page, /^Leave a source out/, 'The till')
    await expect.poll(() => editor.innerText()).toContain(`sources({exclude: '${source.id}'})`)
    expect(await exactSize(page)).toBe('3 people')
    await take(page, /^Source: The till/, 'Default')
    await expect.poll(() => editor.innerText()).toContain("sources({exclude: 'default'})")
    await expect.poll(() => exactSize(page)).toBe('0 people')
    await editor.fill(`event('Product Added').sources({exclude: 'default', '${source.id}'}).count() >= 1`)
    await page.getByRole('button', { name: 'Source: The till' }).waitFor()
    expect(await page.getByRole('button', { name: /^Leave a source out/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'Source: Default' }).click()
    await page.getByRole('option', { name: 'Let it count again' }).click()
    await expect.poll(() => editor.innerText()).not.toContain('default')
    expect(await findingsOf(page)).toEqual([])
    page.on('dialog', (dialog) => void dialog.accept())
    await page.context().close()
  })

  it('downloads the members, connects a webhook, and looks one up in the API', async () => {
    const page = await browser.page('/app/')
    await page.getByText('Cart left', { exact: true }).click()
    await page.getByRole('link', { name: 'People' }).click()
    await page.getByRole('button', { name: 'Download CSV' }).click()
    const link = page.getByRole('link', { name: 'Download' })
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()])
    const file = await download.path()
    expect(readFileSync(file, 'utf8')).toContain('left@example.com')

    await page.goto(`${url}/app/destinations/new/webhook`)
    await page.getByRole('textbox', { name: /^Name/ }).fill('Orders hook')
    const port = (hook.address() as AddressInfo).port
    await page.getByRole('textbox', { name: /url/i }).fill(`http://127.0.0.1:${port}/`)
    await page.getByRole('button', { name: 'Add destination' }).click()
    await page.waitForURL(/\/app\/destinations\/(?!new)/)

    await page.goto(`${url}/app/`)
    await page.getByText('Cart left', { exact: true }).click()
    await page.getByRole('link', { name: /Connections/ }).click()
    const form = page.getByRole('region', { name: 'Connect a destination' })
    await form.getByRole('combobox').first().selectOption({ index: 1 })
    await form.getByRole('button', { name: /^Connect/ }).click()
    await eventually(() => told.some(({ userId, traits }) => userId === 'left' && traits?.['cart_left'] === true))
    expect(told.map(({ userId }) => userId)).not.toContain('ordered')

    expect(await traitOf('left', 'cart_left')).toBe(true)
    await page.context().close()
  })

  it('downloads everything that is held about a person', async () => {
    const page = await browser.page('/app/profiles')
    await page.getByRole('searchbox').first().fill('user_id:left')
    await page.getByText('left@example.com').first().click()
    await page.waitForURL(/\/app\/profiles\/use_/)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Everything held' }).click(),
    ])
    const held = JSON.parse(readFileSync(await download.path(), 'utf8')) as {
      external_ids: { id: string }[]
      traits: Record<string, { value: unknown }>
      events: { event: string }[]
    }
    expect(held.external_ids.map(({ id }) => id).sort()).toEqual(['left', 'left@example.com'])
    expect(held.events.map(({ event }) => event).sort()).toEqual(['Order Completed', 'Product Added'])
    expect(Object.keys(held.traits)).toContain('email')
    await page.context().close()
  })

  it('builds an audience by keyboard alone', async () => {
    const page = await browser.page('/app/')
    await page.getByText('Cart left', { exact: true }).waitFor()
    await page.keyboard.press('n')
    await page.waitForURL(/\/audiences\/new/)
    await tabTo(page, 'Name of the audience')
    await page.keyboard.type('By keys')
    await tabTo(page, /^First condition/)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByRole('option').first().waitFor()
    await page.keyboard.type('Order Completed')
    await page.keyboard.press('Enter')
    await expect.poll(() => nameOfFocused(page)).toMatch(/^Did or did not/)
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => nameOfFocused(page)).toMatch(/^Event: Order Completed/)
    for (const next of [/^How often/, /^Times/]) {
      await page.keyboard.press('ArrowRight')
      await expect.poll(() => nameOfFocused(page)).toMatch(next)
    }
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('2')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Times: 2' }).waitFor()
    expect(await exactSize(page)).toBe('1 people')
    await page.keyboard.press('Control+Enter')
    await page.waitForURL(/\/app\/audiences\/aud_/)
    expect(await membersOf('by_keys')).toEqual(['user_id:recent'])
    await page.context().close()
  })

  it('is told without a refusal of the policy, or an error of a script', () => {
    expect(browser.faults).toEqual([])
  })
})

/** Returns the name for screen readers of what has the focus. */
function nameOfFocused(page: Page): Promise<string> {
  return page.evaluate(
    "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
  )
}

/** Presses Tab until what has this name has the focus. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    const focused = await nameOfFocused(page)
    if (typeof name === 'string' ? focused === name : name.test(focused)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${String(name)}`)
}
