/** The folder of the catalogue: what is generated, and the package, are beside the sources, not what is built. */
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'

const HERE = join(import.meta.dirname, '..')
const BUILT = join(sep, 'dist', 'destinations', 'catalogue')

export const CATALOGUE_FOLDER = HERE.endsWith(BUILT) ? join(HERE, '..', '..', '..', 'destinations', 'catalogue') : HERE

/** Finds what the package of definitions has installed. */
export const requireDefinition = createRequire(join(CATALOGUE_FOLDER, 'package.json'))

/** True if the package of definitions is installed. */
export function isInstalled(): boolean {
  try {
    requireDefinition.resolve('@segment/actions-core')
    return true
  } catch {
    return false
  }
}
