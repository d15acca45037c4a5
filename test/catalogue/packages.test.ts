/** The packages that `npm run catalogue` installs: their licenses are permissive, and the notices have all. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installedPackages } from '../../script/catalogue.mjs'
import { LICENSES, type Lockfile } from '../../script/packages.mjs'
import { CATALOGUE, isCatalogueThere, SKIPPED } from './installed.ts'

const isThere = isCatalogueThere()
if (!isThere) console.warn(SKIPPED)

const PERMISSIVE = [...LICENSES, 'BlueOak-1.0.0', 'Unlicense']

function read(path: string): string {
  return readFileSync(join(CATALOGUE, path), 'utf8')
}

describe('the packages of the catalogue', () => {
  const lockfile = JSON.parse(read('package-lock.json')) as Lockfile
  const packages = installedPackages(lockfile)

  it('have licenses that are permissive', () => {
    const others = packages.filter(({ license }) => {
      return license
        .replaceAll(/[()]/g, '')
        .split(/ AND /)
        .some((one) => !PERMISSIVE.includes(one))
    })
    expect(packages.length).toBeGreaterThan(100)
    expect(others.map(({ name, license }) => `${name}: ${license}`)).toEqual([])
  })

  it('stand in the notices, each with its version and license', () => {
    const notices = read('NOTICES.md')
    expect(
      packages.filter(({ name, version, license }) => !notices.includes(`| ${name} | ${version} | ${license} |`)),
    ).toEqual([])
    expect(notices).toContain('Copyright (c) 2025 Segment')
  })

  it('are locked without the address of a registry; one is our own, as the original has no license', () => {
    const { packages: all } = lockfile as { packages: Record<string, { readonly resolved?: string }> }
    const resolved = Object.entries(all).filter(([, { resolved }]) => resolved !== undefined)
    expect(resolved.map(([path, one]) => [path, one.resolved])).toEqual([
      ['node_modules/@segment/fql-ts', 'vendor/fql-lexer'],
    ])
  })

  it('are asked for in exact versions', () => {
    const { dependencies, overrides } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
    const versions = Object.values({ ...overrides, ...dependencies })
    expect(versions.filter((version) => !/^(?:\d+\.\d+\.\d+|file:\.\/vendor\/.+)$/.test(version))).toEqual([])
  })
})

describe.skipIf(!isThere)('the packages that are installed', () => {
  it('have the license that was read, where the manifest names none', () => {
    expect(read('node_modules/ssh2/LICENSE')).toContain('Permission is hereby granted, free of charge')
  })
})
