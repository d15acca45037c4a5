/** Files that start processes are listed: who runs the others, in a minute, needs no Redis and starts no server. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CATALOGUE, PROCESSES, SIMULATION } from './projects.ts'

/** Path from the root of the repository → text. */
type Files = ReadonlyMap<string, string>

const ROOT = join(import.meta.dirname, '..')
const STARTS =
  /^import .+ from '(?:node:child_process|playwright-core|.+\/(?:redis\/private-redis|host\/process-runner)\.ts)'$/m
const MOCKS = /^vi\.mock\(/m

function readTests(): Files {
  const paths = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join('test', name))
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
}

/** The tests that match, or that reach what matches within `test`. */
function reaching(files: Files, pattern: RegExp): string[] {
  const matches = new Map<string, boolean>()
  const isMatch = (path: string): boolean => {
    const known = matches.get(path)
    if (known !== undefined) return known
    const text = files.get(path) ?? ''
    matches.set(path, pattern.test(text))
    const imported = [...text.matchAll(/ from '(\..+)'/g)].map(([, to]) => posix.join(posix.dirname(path), to!))
    if (imported.filter((to) => files.has(to)).some(isMatch)) matches.set(path, true)
    return matches.get(path)!
  }
  return [...files.keys()].filter((path) => path.endsWith('.test.ts') && isMatch(path)).sort()
}

function listed(files: Files, paths: readonly string[]): string[] {
  const isListed = (file: string) => paths.some((path) => file === path || file.startsWith(`${path}/`))
  return [...files.keys()].filter((file) => file.endsWith('.test.ts') && isListed(file)).sort()
}

describe('the lists of tests', () => {
  const files = readTests()

  it('name only what is there', () => {
    expect([...PROCESSES, ...SIMULATION, ...CATALOGUE].filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('have every file that starts a process', () => {
    const elsewhere = listed(files, CATALOGUE)
    const found = reaching(files, STARTS).filter((path) => !elsewhere.includes(path))
    expect(found).toEqual(listed(files, PROCESSES))
  })

  it('have every file that puts a module in the place of another', () => {
    expect(reaching(files, MOCKS)).toEqual(listed(files, SIMULATION))
  })
})

it('a file starts a process that imports what does, however far away', () => {
  const files = new Map([
    ['test/a.test.ts', "import { b } from './b/b.ts'"],
    ['test/b/b.ts', "import { c } from '../c.ts'"],
    ['test/c.ts', "import { a } from './a.test.ts'\nimport { spawn } from 'node:child_process'"],
    ['test/d.test.ts', "import { Redis } from '../src/redis/private-redis.ts'"],
    ['test/e.test.ts', "import { e } from './e.ts'\nconst text = 'node:child_process'"],
  ])
  expect(reaching(files, STARTS)).toEqual(['test/a.test.ts', 'test/d.test.ts'])
})
