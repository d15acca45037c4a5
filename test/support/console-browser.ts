/** A browser that shows the console of a server, signed in, and reports what its policy has refused. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { onPath } from './on-path.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** The browser's program; undefined if there is none: then tests are left out, loudly, and fail under CI. */
export const CHROMIUM = process.env['CHROMIUM'] ?? onPath(...NAMES)

if (CHROMIUM === undefined) {
  const message = `none of ${NAMES.join(', ')} is on the PATH: see script/ensure-chromium`
  if (process.env['CI'] === 'true') throw new Error(message)
  console.warn(`\n!!! ${message}: the tests of the console are SKIPPED !!!\n`)
}

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export interface ShownAs {
  readonly width: number
  readonly theme: 'light' | 'dark'
}

export const DESKTOP: ShownAs = { width: 1440, theme: 'light' }

export class ConsoleBrowser {
  /** Refusals of the policy, and errors of scripts, on any page. */
  readonly faults: string[] = []
  readonly #browser: Browser
  readonly #url: string
  readonly #token: string

  private constructor(browser: Browser, url: string, token: string) {
    this.#browser = browser
    this.#url = url
    this.#token = token
  }

  static async open(url: string, token: string): Promise<ConsoleBrowser> {
    const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] })
    return new ConsoleBrowser(browser, url, token)
  }

  /** Opens a page, signed in. @param path behind the server's address */
  async page(path: string, { width, theme }: ShownAs = DESKTOP): Promise<Page> {
    const context = await this.#browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: theme,
      reducedMotion: 'reduce',
    })
    await this.#signIn(context)
    const page = await context.newPage()
    page.on('pageerror', ({ message }) => this.faults.push(`${path}: ${message}`))
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) this.faults.push(`${path}: ${message.text()}`)
    })
    await page.goto(this.#url + path)
    return page
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }

  async #signIn(context: BrowserContext): Promise<void> {
    const data = { token: this.#token }
    const answer = await context.request.post(`${this.#url}/app/session`, { data, headers: { origin: this.#url } })
    if (!answer.ok()) throw new Error(`signing in was answered with ${answer.status()}`)
  }
}

/** Returns what axe finds on a page by WCAG 2.2 AA, each with the first elements that it is about. */
export async function findingsOf(page: Page): Promise<string[]> {
  // By the debugger, which the policy of the page does not bind.
  await page.evaluate(AXE)
  const found = await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(WCAG)} })`)
  const { violations } = found as { readonly violations: readonly Violation[] }
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[] }[]
}

/** Opens the last slot of a name, types what is sought, and takes the first that fits. */
export async function take(page: Page, slot: RegExp, text: string): Promise<void> {
  await page.getByRole('button', { name: slot }).last().click()
  await taken(page, text)
}

/** Types into the slot that is open, and takes the first that fits. */
export async function taken(page: Page, text: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('searchbox').fill(text)
  await dialog.getByRole('option').first().waitFor()
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
}
