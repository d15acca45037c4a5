/** Claims of the documents that a machine can check: tables, links, commands, settings, the output of the sample. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { replay } from '../src/cli/replay.ts'
import { ERRORS } from '../src/model/errors.ts'

const ROOT = join(import.meta.dirname, '..')

const DOCUMENTS = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join('docs', name)),
]

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function exists(path: string): boolean {
  return statSync(join(ROOT, path), { throwIfNoEntry: false }) !== undefined
}

/** The cells of a table's rows whose first is code: `| `a` | b |`. */
function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^\| `[^`]+` .*\|$/gm)].map(([row]) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

/** Targets of links to other places of the repository, without what lies within them. */
function relativeLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^([a-z]+:|#)/.test(target))
    .map((target) => target.replace(/#.*/, ''))
}

/** Scripts that are named as commands: `npm test`, `npm start`, `npm run name`. */
function npmScripts(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g)].map(([, run, short]) => run ?? short!)
}

/** Files and folders that a text names as code: `src/main.ts`. A name with a placeholder (`<type>`) is none. */
function namedPaths(text: string): string[] {
  return [...text.matchAll(/`((?:src|actors|destinations|test|bench|docs|script)\/[\w./-]*)`/g)].map(
    ([, path]) => path!,
  )
}

function brokenLinks(path: string, text: string, isThere: (path: string) => boolean): string[] {
  const folder = posix.dirname(path)
  return relativeLinks(text)
    .map((target) => posix.join(folder, target))
    .filter((target) => !isThere(target))
}

describe('docs/errors.md', () => {
  it('has exactly the rows of the table of errors, in its order', () => {
    const expected = Object.entries(ERRORS).map(([code, { status, meaning }]) => [
      `\`${code}\``,
      String(status),
      meaning,
    ])
    expect(rowsOf(read('docs/errors.md'))).toEqual(expected)
  })
})

describe('docs/dependencies.md', () => {
  it('has a row for each package of package.json, in its order, and no other', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>
    const expected = [dependencies, devDependencies].flatMap((packages) => Object.keys(packages!))
    expect(rowsOf(read('docs/dependencies.md')).map(([name]) => name?.replaceAll('`', ''))).toEqual(expected)
  })
})

describe.each(DOCUMENTS)('%s', (path) => {
  const text = read(path)

  it('links only to what is there', () => {
    expect(brokenLinks(path, text, exists)).toEqual([])
  })

  it('names only files and folders that there are', () => {
    expect(namedPaths(text).filter((named) => !exists(named))).toEqual([])
  })

  it('names only scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    expect(npmScripts(text).filter((name) => !(name in scripts))).toEqual([])
  })
})

describe('README.md', () => {
  it('lists every setting of the server and no other', () => {
    const declared = [...read('src/server/settings.ts').matchAll(/^ {2}([A-Z_]+): z\b/gm)].map(([, name]) => name)
    const listed = rowsOf(read('README.md')).map(([name]) => name?.replaceAll('`', ''))
    expect(declared).not.toEqual([])
    expect(listed).toEqual(declared)
  })

  it('shows what replay gives for the sample', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-docs-'))
    try {
      const out = join(folder, 'transitions.ndjson')
      const sample = (name: string) => join(ROOT, 'docs/sample', name)
      await replay({
        definitions: sample('definitions.yaml'),
        events: sample('events.ndjson'),
        until: '2026-03-01T00:00:00Z',
        out,
      })
      expect(read('README.md')).toContain(`\n\`\`\`text\n${readFileSync(out, 'utf8')}\`\`\`\n`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the rules fire', () => {
  it('on a row that is missing, left over or out of date', () => {
    expect(rowsOf('| code | status |\n| --- | --- |\n| `a_b` | 400 |\ntext `c`')).toEqual([['`a_b`', '400']])
  })

  it('on a link to nowhere, from the place of the document', () => {
    const text = '[a](a.md#part) [b](../src) [c](https://example.com) [d](#here) [e](gone.md)'
    const there = ['docs/a.md', 'src']
    expect(brokenLinks('docs/b.md', text, (path) => there.includes(path))).toEqual(['docs/gone.md'])
  })

  it('on a path, but for one with a placeholder', () => {
    const text = '`src/main.ts` `actors/gone` `destinations/<type>/<type>.ts` `npm test`'
    expect(namedPaths(text)).toEqual(['src/main.ts', 'actors/gone'])
  })

  it('on a script, however it is called', () => {
    expect(npmScripts('npm ci && npm test, npm start; npm run bench -- plan')).toEqual(['test', 'start', 'bench'])
  })
})
