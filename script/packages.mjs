/**
 * Writes docs/packages.md, the list of all packages at run time, from package-lock.json.
 *   npm run packages
 */
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const LICENSES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']

/** Packages that name no license in their manifest: that of their file LICENSE. */
export const READ_LICENSES = new Map([
  ['@segment/facade', 'MIT'],
  ['@segment/isodate', 'MIT'],
  ['@segment/isodate-traverse', 'MIT'],
  ['new-date', 'MIT'],
])

export function packagesOf({ packages }) {
  const found = new Map()
  const visit = (at, through) => {
    const name = at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const { version, license, os } = packages[at]
    const key = `${name}@${version}`
    const known = found.get(key) ?? {
      name,
      version,
      license: READ_LICENSES.get(name) ?? license ?? '',
      isOfPlatform: os !== undefined,
      through: new Set(),
    }
    found.set(key, known)
    if (known.through.has(through)) return
    known.through.add(through)
    for (const next of dependenciesOf(packages, at)) visit(next, through)
  }
  for (const at of dependenciesOf(packages, '')) visit(at, at.slice('node_modules/'.length))
  return [...found.values()].sort((a, b) =>
    a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1,
  )
}

/** Peers that are optional are not installed for their own sake. */
function dependenciesOf(packages, at) {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = packages[at]
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional)
  const names = new Set([...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers])
  return [...names].flatMap((name) => locate(packages, at, name) ?? [])
}

/** As Node resolves a name: in the folder itself, then in those above. */
function locate(packages, at, name) {
  for (let from = at; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    const path = `${from === '' ? '' : `${from}/`}node_modules/${name}`
    if (packages[path]) return path
    if (from === '') return undefined
  }
}

export function documentOf(lockfile) {
  const direct = Object.keys(lockfile.packages[''].dependencies)
  const all = packagesOf(lockfile)
  const isDirect = ({ name, through }) => direct.includes(name) && through.has(name)
  const others = all.filter((one) => !isDirect(one))
  const ofPlatform = others.filter(({ isOfPlatform }) => isOfPlatform)
  const brought = direct
    .map((name) => {
      const own = others.filter(({ through }) => through.has(name))
      return [name, own.length, own.filter(({ through }) => through.size === 1).length]
    })
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return `# Packages at run time

Written from \`package-lock.json\` by \`npm run packages\`.
[Dependencies](dependencies.md) says what the ${direct.length} packages of \`package.json\` are for.
They bring ${others.length} more, of which ${ofPlatform.length} are one compiled part for as many platforms.
Thirty would be better, as each is code that others may change; most come with Express.

${table(
  ['package', 'brings', 'and alone'],
  brought.map(([name, count, alone]) => [`\`${name}\``, String(count), String(alone)]),
)}

## All of them

${table(
  ['package', 'version', 'license', 'through'],
  all.map((one) => [
    `\`${one.name}\``,
    one.version,
    one.license,
    isDirect(one)
      ? ''
      : [...one.through]
          .sort()
          .map((name) => `\`${name}\``)
          .join(', '),
  ]),
)}
`
}

function table(headings, rows) {
  const widths = headings.map((_, column) => Math.max(...[headings, ...rows].map((cells) => cells[column].length)))
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [line(headings), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  writeFileSync('docs/packages.md', documentOf(lockfile))
}
