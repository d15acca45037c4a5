/** Packages of the peers. They are installed in the source folder of this bench, and what runs is built elsewhere. */
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'

const HERE = import.meta.dirname
const BUILT = join(sep, 'dist', 'bench', 'peers')
const FOLDER = HERE.endsWith(BUILT) ? join(HERE, '..', '..', '..', 'bench', 'peers') : HERE

const requirePeer = createRequire(join(FOLDER, 'package.json'))

/** Loads an installed package; its type is what this bench uses of it. */
export function loadPackage(name: string): unknown {
  return requirePeer(name)
}

export function isInstalled(name: string): boolean {
  try {
    requirePeer.resolve(name)
    return true
  } catch {
    return false
  }
}
