/** The package as npm packs it: it runs where nothing else of this repository is. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runServe } from '../support/run-serve.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'rollcall-package-'))
const installed = join(folder, 'node_modules/rollcall')

interface Manifest {
  readonly version: string
  readonly bin: { readonly rollcall: string }
  readonly dependencies: Readonly<Record<string, string>>
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest
}

/** Unpacks it as npm does, beside the packages that it names; those of the repository are linked to. */
beforeAll(async () => {
  const options = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const { stdout } = await run('npm', options, { cwd: ROOT, maxBuffer: 16 * 1024 * 1024 })
  const [packed] = JSON.parse(stdout) as [{ filename: string }]
  mkdirSync(installed, { recursive: true })
  await run('tar', ['-xzf', join(folder, packed.filename), '-C', installed, '--strip-components=1'])
  for (const name of Object.keys(manifest(join(installed, 'package.json')).dependencies)) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('has nothing of tests, benches and sources', async () => {
  const { stdout } = await run('find', [installed, '-type', 'f', '-name', '*.ts'])
  expect(stdout).toBe('')
  const { stdout: others } = await run('find', [installed, '-path', '*/dist/*', '-name', '*test*'])
  expect(others.split('\n').filter((path) => /\.test\.|\/test\/|\/bench\//.test(path))).toEqual([])
})

it('serves: a call comes in, a trait is looked up, the console is there', async () => {
  const { bin } = manifest(join(installed, 'package.json'))
  const environment = { WRITE_KEY: 'key', ACCESS_TOKEN: 'token' }
  const server = runServe(join(folder, 'data'), environment, { program: join(installed, bin.rollcall) })
  const url = await server.ready
  const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:`).toString('base64')}` })
  const body = JSON.stringify({ userId: 'u1', traits: { plan: 'pro' } })
  expect((await fetch(`${url}/v1/identify`, { method: 'POST', headers: basic('key'), body })).status).toBe(200)
  const path = 'v1/spaces/default/collections/users/profiles/user_id:u1/traits'
  const answer = await fetch(`${url}/${path}`, { headers: basic('token') })
  expect(await answer.json()).toMatchObject({ traits: { plan: 'pro' } })
  const page = await fetch(`${url}/app/`)
  expect(page.status).toBe(200)
  const script = /src="([^"]+\.js)"/.exec(await page.text())?.[1]
  expect((await fetch(url + script!)).status).toBe(200)
  expect((await fetch(`${url}/analytics.js/v1/key/analytics.min.js`)).status).toBe(200)
  expect(await server.end('SIGTERM')).toBe(0)
})

it('knows the tools of the catalogue', async () => {
  const { bin } = manifest(join(installed, 'package.json'))
  const { stdout } = await run(process.execPath, [join(installed, bin.rollcall), 'destinations', '--types', 'braze'])
  expect(stdout).toMatch(/braze/i)
})
