/** Makes the notices that go with the packages of the catalogue: who wrote them, and under which license. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Packages whose manifest names no license in the usual field: that of their file LICENSE. */
const READ_LICENSES = new Map([['ssh2', 'MIT']])
/** Its README has the license of all packages of the same repository. */
const SEGMENT = '@segment/action-destinations'

/** Lists the packages of a lockfile that are installed, by name and version: `{ path, name, version, license }`. */
export function installedPackages({ packages }) {
  return Object.entries(packages)
    .filter(([path, { link, optional }]) => path.startsWith('node_modules/') && !link && !optional)
    .map(([path, { version, license }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      return { path, name, version, license: READ_LICENSES.get(name) ?? license ?? '' }
    })
    .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1))
}

/** @param root the folder of the catalogue's package @returns the text of NOTICES.md */
export function noticesOf(root, lockfile) {
  const packages = installedPackages(lockfile)
  const texts = []
  const rows = packages.map((one) => {
    const text = textOf(root, one)
    if (!texts.includes(text)) texts.push(text)
    return `| ${one.name} | ${one.version} | ${one.license} | ${texts.indexOf(text) + 1} |`
  })
  return `# Notices of third parties

Written by \`npm run catalogue:generate\`. These ${packages.length} packages are installed by \`npm run catalogue\`; none is
part of Rollcall. The data in \`definitions\` is taken from \`${SEGMENT}\`. The last column is the
number of the license's text below.

| package | version | license | text |
| ------- | ------- | ------- | ---- |
${rows.join('\n')}

${texts.map((text, index) => `## ${index + 1}\n\n\`\`\`text\n${text}\n\`\`\`\n`).join('\n')}`
}

/** The file of the license, and that of notices if there is one; who wrote the package if it has neither. */
function textOf(root, { path, name, license }) {
  const folder = join(root, path)
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file))
  if (files.length > 0) return files.map((file) => read(join(folder, file))).join('\n\n')
  if (name.startsWith('@segment/')) return licenseIn(read(join(root, 'node_modules', SEGMENT, 'README.md')))
  const { author, repository } = JSON.parse(read(join(folder, 'package.json')))
  const by = author?.name ?? author ?? `the authors of ${repository?.url ?? repository}`
  return `${license}, by ${by}. The package comes without the text of its license.`
}

function licenseIn(readme) {
  const [, license] = /^## License\n([^]*?)(?=^## |$(?![^]))/m.exec(readme)
  return license.trim()
}

function read(path) {
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim()
}
