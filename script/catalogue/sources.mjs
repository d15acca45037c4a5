/** Reads the compiled sources of a destination without running them: their imports, and the variables they read. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const REQUIRED = /\b(?:require|import)\("([^"]+)"\)/g
const VARIABLE = /process\.env(?:\.(\w+)|\['(\w+)'\])/g
/** Every library reads it. */
const NOT_OF_A_DESTINATION = 'NODE_ENV'

/** @param entry the file that is loaded first @returns the texts of it and of all files that it leads to */
export function sourcesOf(entry, found = new Map()) {
  if (found.has(entry)) return found
  const text = readFileSync(entry, 'utf8')
  found.set(entry, text)
  for (const [, name] of text.matchAll(REQUIRED)) {
    if (!name.startsWith('.')) continue
    const path = fileOf(resolve(dirname(entry), name))
    if (path.endsWith('.js')) sourcesOf(path, found)
  }
  return found
}

function fileOf(path) {
  return [path, `${path}.js`, `${path}/index.js`].find((one) => existsSync(one) && statSync(one).isFile())
}

/** Packages and builtins that the sources import, sorted. */
export function packagesIn(sources) {
  return namesIn(sources, REQUIRED).filter((name) => !name.startsWith('.'))
}

/** Names of the environment variables that the sources read, sorted. */
export function environmentIn(sources) {
  return namesIn(sources, VARIABLE).filter((name) => name !== NOT_OF_A_DESTINATION)
}

function namesIn(sources, pattern) {
  const names = [...sources.values()].flatMap((text) =>
    [...text.matchAll(pattern)].map(([, one, other]) => one ?? other),
  )
  return [...new Set(names)].sort()
}
