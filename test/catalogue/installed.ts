/** Segment's package, for the tests that need it: `npm run catalogue` installs it. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isInstalled } from '../../script/catalogue.mjs'

export const CATALOGUE = join(import.meta.dirname, '../../destinations/catalogue')

const MESSAGE = "Segment's definitions are not installed: `npm run catalogue` does that"

/** A warning for whoever leaves tests out because of that. */
export const SKIPPED = `\n!!! ${MESSAGE}. The tests against them are SKIPPED !!!\n`

/** Loads packages as the catalogue's own package does. */
export const requireThere = createRequire(join(CATALOGUE, 'package.json'))

/** True if the package is there. Throws if it is not, though `CI` is `true`. */
export function isCatalogueThere(): boolean {
  if (!isInstalled() && process.env['CI'] === 'true') throw new Error(MESSAGE)
  return isInstalled()
}
