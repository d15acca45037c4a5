/* global fetch, localStorage */
/**
 * Takes the pictures of the console in docs/console, with the demonstration shop in it:
 *   npm run console:pictures
 * Needs a build, Redis and Chromium. The people of the shop are always the same; what they do is of now.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const TOKEN = 'token-of-the-pictures'
const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, 'docs/console')
const BROWSERS = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))

/** Each page is taken in all of these. */
const SIZES = [
  { width: 1440, height: 960 },
  { width: 390, height: 844 },
]
const THEMES = ['light', 'dark']

const directory = mkdtempSync(join(tmpdir(), 'rollcall-pictures-'))
const environment = { PORT: '0', DATA_DIR: directory, ACCESS_TOKEN: TOKEN, WRITE_KEY: 'key', PATH: process.env.PATH }
const server = spawn(process.execPath, [join(ROOT, 'dist/src/main.js'), 'serve'], { env: environment })
const url = await new Promise((resolve) => {
  let output = ''
  server.stdout.on('data', (chunk) => {
    output += chunk
    const found = /"url":"([^"]+)"/.exec(output)?.[1]
    if (found) resolve(found)
  })
})

async function ask(path, init = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  return (await fetch(url + path, { ...init, headers })).json()
}

async function until(condition) {
  while (!(await condition())) await delay(500)
}

/** Finds somebody who is in an audience: the pictures show people who are there. */
async function memberOf(name) {
  const { data } = await ask('/spaces/demonstration/audiences?pagination[count]=200')
  const audience = data.audiences.find((each) => each.name === name)
  const { data: page } = await ask(`/spaces/demonstration/audiences/${audience.id}/members?limit=1`)
  const [{ id }] = page.members
  const body = JSON.stringify({ id })
  const path = '/v1/spaces/demonstration/collections/users/profiles/search'
  const found = await ask(path, { method: 'POST', body })
  return { audienceId: audience.id, profileId: found.data[0].id }
}

try {
  await until(async () => (await fetch(`${url}/readyz`)).ok)
  mkdirSync(FOLDER, { recursive: true })
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? BROWSERS.find((path) => existsSync(path)),
    args: ['--no-sandbox'],
  })
  const take = async (name, path, space, readyText) => {
    for (const viewport of SIZES)
      for (const colorScheme of THEMES) {
        const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })
        await context.request.post(`${url}/app/session`, { data: { token: TOKEN }, headers: { origin: url } })
        await context.addInitScript((id) => {
          localStorage.setItem('rollcall.space', id)
        }, space)
        const page = await context.newPage()
        await page.goto(url + path)
        await page.getByText(readyText).first().waitFor({ state: 'attached' })
        await page.waitForLoadState('load')
        await delay(1500)
        await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}-${viewport.width}.png`) })
        await context.close()
      }
  }
  await take('first-run', '/app/', 'default', 'demonstration shop')
  await ask('/app/demonstration', { method: 'POST' })
  await until(async () => (await ask('/app/demonstration')).data.demonstration.status === 'live')
  const { audienceId, profileId } = await memberOf('Cart left')
  await take('audiences', '/app/', 'demonstration', 'Cart left')
  await take('builder', `/app/audiences/${audienceId}`, 'demonstration', /meet it|are left/)
  await take('profile', `/app/profiles/${profileId}`, 'demonstration', 'Cart left')
  await browser.close()
} finally {
  server.kill('SIGTERM')
  await new Promise((resolve) => server.once('exit', resolve))
  rmSync(directory, { recursive: true, force: true })
}
