/** The packages at run time are listed, and each has a license that is allowed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { documentOf, LICENSES, type Lockfile, packagesOf, READ_LICENSES } from '../script/packages.mjs'

const ROOT = join(import.meta.dirname, '..')

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

describe('the packages at run time', () => {
  const lockfile = JSON.parse(read('package-lock.json')) as Lockfile
  const packages = packagesOf(lockfile)

  it('are those that docs/packages.md lists: `npm run packages` writes it', () => {
    expect(read('docs/packages.md')).toBe(documentOf(lockfile))
  })

  it('are those that npm installs without those of development', () => {
    const paths = Object.entries(lockfile.packages).filter(([path, { dev }]) => path !== '' && dev !== true)
    const installed = paths
      .filter(([, { devOptional }]) => devOptional !== true)
      .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`)
    const listed = new Set(packages.map(({ name, version }) => `${name}@${version}`))
    expect(installed.filter((one) => !listed.has(one))).toEqual([])
  })

  it('have licenses that are allowed', () => {
    const others = packages.filter(({ license }) => !LICENSES.includes(license))
    expect(others.map(({ name, license }) => `${name}: ${license}`)).toEqual([])
  })

  it.each([...READ_LICENSES])('%s has the license that was read: %s', (name, license) => {
    expect(license).toBe('MIT')
    expect(read(`node_modules/${name}/LICENSE`)).toContain('Permission is hereby granted, free of charge')
  })
})

it('a package is listed with all that bring it, each version by itself', () => {
  const manifest = (version: string, dependencies = {}) => ({ version, license: 'MIT', dependencies })
  const packages = {
    '': { dependencies: { a: '1', b: '1' } },
    'node_modules/a': manifest('1.0.0', { shared: '1', c: '1' }),
    'node_modules/b': manifest('1.0.0', { shared: '1', c: '2' }),
    'node_modules/c': manifest('1.0.0'),
    'node_modules/b/node_modules/c': manifest('2.0.0', { a: '1' }),
    'node_modules/shared': manifest('1.0.0', { shared: '1' }),
    'node_modules/tool': { ...manifest('1.0.0'), dev: true },
  }
  const listed = packagesOf({ packages }).map(({ name, version, through }) => [name, version, ...through])
  expect(listed).toEqual([
    ['a', '1.0.0', 'a', 'b'],
    ['b', '1.0.0', 'b'],
    ['c', '1.0.0', 'a', 'b'],
    ['c', '2.0.0', 'b'],
    ['shared', '1.0.0', 'a', 'b'],
  ])
})
