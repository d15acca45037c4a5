/**
 * Writes what is known of Segment's destinations as data, from the package that `npm run catalogue` installs: so an API
 * or a console need not load it, nor have it.
 *   npm run catalogue:generate
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { describeDestination } from './catalogue/definition.mjs'
import { layOut } from './catalogue/layout.mjs'
import { noticesOf } from './catalogue/notices.mjs'

export { CATEGORIZED } from './catalogue/categories.mjs'
export { CHOICES } from './catalogue/choices.mjs'
export { DENIED, OFF } from './catalogue/availability.mjs'
export { installedPackages } from './catalogue/notices.mjs'
export { packagesIn, sourcesOf } from './catalogue/sources.mjs'

const ROOT = join(import.meta.dirname, '../destinations/catalogue')
const DEFINITIONS = 'definitions'

export function isInstalled() {
  return existsSync(join(ROOT, 'node_modules/@segment/action-destinations/package.json'))
}

export function loadCatalogue() {
  const require = createRequire(join(ROOT, 'package.json'))
  const { manifest } = require('@segment/action-destinations')
  const { defaultValues } = require('@segment/actions-core')
  // Beside the package that needs it, or above: npm decides.
  const { parseFql, validate } = createRequire(require.resolve('@segment/actions-core'))(
    '@segment/destination-subscriptions',
  )
  return { entries: Object.values(manifest), core: { defaultValues, parseFql, validate } }
}

export function catalogueFiles({ entries, core } = loadCatalogue()) {
  const described = entries.map((entry) => describeDestination(entry, core))
  described.sort((a, b) => (orderOf(a.entry) < orderOf(b.entry) ? -1 : 1))
  const lockfile = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  return new Map([
    ['NOTICES.md', noticesOf(ROOT, lockfile)],
    [`${DEFINITIONS}/index.json`, `${layOut(described.map(({ entry }) => entry))}\n`],
    ...described.map(({ file }) => [
      `${DEFINITIONS}/${file.slug}.json`,
      `${layOut(file, ['settings', 'audienceSettings', 'actions', 'presets', 'defaults'])}\n`,
    ]),
  ])
}

/** By name, as people look for it. */
function orderOf({ name, slug }) {
  return `${name.toLowerCase()} ${slug}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!isInstalled()) throw new Error('Run `npm run catalogue` first: it installs the package of the definitions.')
  rmSync(join(ROOT, DEFINITIONS), { recursive: true, force: true })
  for (const [path, text] of catalogueFiles()) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), text)
  }
}
