/**
 * The style that a machine can see, after TigerBeetle's tidy. Each rule takes one file and gives what breaks it, as
 * `path:line: what`; each is shown to fire on a made-up file.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = ['.ci', 'actors', 'bench', 'destinations', 'docs', 'script', 'src', 'test', 'web']
/** Written by machines, or by others. */
const NOT_OURS =
  /(?:^|\/)(?:package-lock\.json$|node_modules\/)|\.png$|^web\/src\/api\/schema\.d\.ts$|^destinations\/catalogue\/(?:definitions\/|NOTICES\.md$)/

const FILE_LINES_MAX = 400
const LINE_COLUMNS_MAX = 120
const CLASS_LINES_MAX = 250

/** Files that may be longer: each is one table, or one thought that does not come apart. */
const LONG_FILES: readonly string[] = ['bench/engine/floor.ts']

/**
 * Lines that are too long by now, at most so many by folder; none elsewhere. These numbers only fall.
 * Prettier leaves comments as they are, so these are wrapped by hand.
 */
const LONG_LINES_KNOWN: Readonly<Record<string, number>> = { 'actors/': 21, 'test/': 18 }

/** Files that skip by `skip` instead of `skipIf`, though they warn. The list only shrinks. */
const SKIPS_KNOWN: readonly string[] = [
  'test/actors/engine/conformance.test.ts',
  'test/cli/cdnow.test.ts',
  'test/oracle/conformance.test.ts',
]

/**
 * Tests that look at the clock, or sleep, though whoever reads them need not wonder: what waits for all others, what is
 * held to a time in a full run only, the pace of a load, and names of what others may not use. The list only shrinks.
 */
const CLOCKS_KNOWN: readonly string[] = [
  'test/architecture.test.ts',
  'test/crash/deliveries.test.ts',
  'test/crash/harness/faulty-link.ts',
  'test/crash/harness/load.ts',
  'test/crash/harness/runs.ts',
  'test/crash/redis-trouble.test.ts',
  'test/support/eventually.ts',
]

interface SourceFile {
  readonly path: string
  readonly text: string
}

function readRepository(): SourceFile[] {
  const atRoot = readdirSync(ROOT).filter((name) => /\.(md|json|js|ts)$|^\.(npmrc|gitignore|prettier)/.test(name))
  const inside = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => posix.join(folder, name)),
  )
  return [...atRoot, ...inside]
    .filter((path) => !NOT_OURS.test(path) && statSync(join(ROOT, path)).isFile())
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

function isTest({ path }: SourceFile): boolean {
  return path.startsWith('test/')
}

/** The lines that match, as `path:line: what`. */
function matches({ path, text }: SourceFile, pattern: RegExp): string[] {
  return text.split('\n').flatMap((line, index) => {
    const found = pattern.exec(line)
    return found ? [`${path}:${index + 1}: ${found[0]}`] : []
  })
}

/** The patterns are written so that they do not match themselves. */
function unfinished(file: SourceFile): string[] {
  return matches(file, /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/)
}

/** Words and places of those who made the project, which are not its own. */
function foreign(file: SourceFile): string[] {
  const outside = isTest(file) ? [] : matches(file, /\.\.\/sha[r]ed/)
  return [...outside, ...matches(file, /\bassistan[t]|\bissue [#]/i)]
}

/** Tests that are left out, or that leave others out. `skipIf` may, where the file says so aloud. */
function leftOut(file: SourceFile): string[] {
  if (!isTest(file)) return []
  const isLoud = /console\.warn\(|support\/console-browser\.ts'/.test(file.text)
  const silent = isLoud ? [] : matches(file, /\.skipI[f]\s*\(/)
  return [...matches(file, /\.(?:onl[y]|ski[p])\s*[(.]/), ...silent]
}

/** Doc comments whose subject is a clause: a function's begins with its verb, any other with its noun. */
function vagueComments({ path, text }: SourceFile): string[] {
  if (!/\.m?tsx?$|\.mjs$/.test(path)) return []
  const found = [...text.matchAll(/\/\*\*[\s*]*((?:What|Who|Whether|How|Of)\b.{0,30})/g)]
  return found.map(({ 1: start, index }) => `${path}:${text.slice(0, index).split('\n').length}: ${start}`)
}

/**
 * Finds tests that a slow machine makes lie: time that has passed, a wait of one second by default, a deadline of their
 * own, a sleep. Tests wait by test/support/eventually.ts, or for virtual time.
 */
function hurried(file: SourceFile): string[] {
  if (!isTest(file)) return []
  const clock = /\bperformance\.no[w]\(|\bDate\.no[w]\(\) - [a-z]/
  const wait = /\bvi\.wai[t](?:For|Until)\(|\btimeou[t]: \d|(?<!\.)\bsetTimeou[t](?:\(| as )/
  return [...matches(file, clock), ...matches(file, wait)]
}

function tooLong(file: SourceFile): string[] {
  const lines = file.text.trimEnd().split('\n').length
  const isCounted = /\.(ts|js)$/.test(file.path) && !isTest(file) && !LONG_FILES.includes(file.path)
  return isCounted && lines > FILE_LINES_MAX ? [`${file.path}: ${lines} lines`] : []
}

/** Classes of the engine that are too long: prettier ends one by the first brace without indentation. */
function longClasses({ path, text }: SourceFile): string[] {
  if (!path.startsWith('actors/')) return []
  return [...text.matchAll(/^(?:export )?(?:abstract )?class (\w+)[^]*?^\}$/gm)]
    .map(([whole, name]) => ({ name, lines: whole.split('\n').length }))
    .filter(({ lines }) => lines > CLASS_LINES_MAX)
    .map(({ name, lines }) => `${path}: ${name}: ${lines} lines`)
}

function longLines({ path, text }: SourceFile): string[] {
  const kind = /\.md$/.test(path) ? 'text' : /\.(ts|js)$|^(\.ci|script)\//.test(path) ? 'code' : undefined
  if (!kind) return []
  let isFenced = false
  return text.split('\n').flatMap((line, index) => {
    if (kind === 'text' && line.startsWith('```')) isFenced = !isFenced
    const columns = kind === 'code' ? columnsOfCode(line) : isFenced ? 0 : columnsOfText(line)
    return columns > LINE_COLUMNS_MAX ? [`${path}:${index + 1}: ${columns} columns`] : []
  })
}

/** A string is not taken apart for its length: it counts for nothing. A comment can be wrapped. */
function columnsOfCode(line: string): number {
  const isComment = /^\s*(\/\*\*?|\*|\/\/|#)/.test(line)
  return Array.from(isComment ? line : line.replaceAll(/'[^']*'|"[^"]*"|`[^`]*`|\/.+\//g, "''")).length
}

/** Rows of tables and code that is indented cannot be wrapped. */
function columnsOfText(line: string): number {
  return /^(\|| {4})/.test(line) ? 0 : Array.from(line).length
}

describe('the repository', () => {
  const files = readRepository()

  it('leaves nothing to be done later', () => {
    expect(files.flatMap(unfinished)).toEqual([])
  })

  it('stands alone', () => {
    expect(files.flatMap(foreign)).toEqual([])
  })

  it('leaves no test out in silence', () => {
    const found = files.filter((file) => leftOut(file).length > 0).map(({ path }) => path)
    expect(found.sort()).toEqual(SKIPS_KNOWN)
  })

  it('has no doc comment that begins with What, Who, Whether, How or Of', () => {
    expect(files.flatMap(vagueComments)).toEqual([])
  })

  it('holds no test to the clock, but for those listed', () => {
    const found = files.filter((file) => hurried(file).length > 0).map(({ path }) => path)
    expect(found.sort()).toEqual(CLOCKS_KNOWN)
  })

  it(`has no file of more than ${FILE_LINES_MAX} lines, but for tests and those listed`, () => {
    expect(files.flatMap(tooLong)).toEqual([])
  })

  it(`has no class of more than ${CLASS_LINES_MAX} lines in the engine`, () => {
    expect(files.flatMap(longClasses)).toEqual([])
  })

  it('lists no file as long that is not', () => {
    const lines = (path: string) => readFileSync(join(ROOT, path), 'utf8').trimEnd().split('\n').length
    expect(LONG_FILES.filter((path) => lines(path) <= FILE_LINES_MAX)).toEqual([])
  })

  it(`has no line of more than ${LINE_COLUMNS_MAX} columns, but for as many as are known`, () => {
    const found = files.flatMap(longLines)
    const isKnown = (folder: string, max: number) => found.filter((line) => line.startsWith(folder)).length <= max
    const known = Object.keys(LONG_LINES_KNOWN).filter((folder) => isKnown(folder, LONG_LINES_KNOWN[folder]!))
    expect(found.filter((line) => !known.some((folder) => line.startsWith(folder)))).toEqual([])
  })
})

describe('the rules fire', () => {
  const file = (path: string, text: string): SourceFile => ({ path, text })
  const wide = 'x'.repeat(LINE_COLUMNS_MAX + 1)

  it.each(['TO', 'FIX', 'X'].map((start, index) => start + ['DO', 'ME', 'XX'][index]!))('on %s', (word) => {
    expect(unfinished(file('src/a.ts', `a\n// ${word}: later`))).toEqual([`src/a.ts:2: ${word}`])
  })

  it('on what is not its own', () => {
    const outside = ['read(..', 'shared/data)'].join('/')
    expect(foreign(file('src/a.ts', outside))).toHaveLength(1)
    expect(foreign(file('test/a.ts', outside))).toEqual([])
    expect(foreign(file('docs/a.md', ['An Assis', 'tant, see iss', 'ue #12'].join('')))).toHaveLength(1)
  })

  it('on a test that is left out', () => {
    const skipIf = ['describe', 'skipIf(absent)'].join('.')
    expect(leftOut(file('test/a.test.ts', ['it', "only('a')"].join('.')))).toHaveLength(1)
    expect(leftOut(file('test/a.test.ts', ['it', "skip('a')"].join('.')))).toHaveLength(1)
    expect(leftOut(file('test/a.test.ts', skipIf))).toHaveLength(1)
    expect(leftOut(file('test/a.test.ts', `if (absent) console.warn('SKIPPED')\n${skipIf}`))).toEqual([])
  })

  it.each(['What', 'Who', 'Whether', 'How', 'Of'])('on a doc comment that begins with %s', (word) => {
    const [open, close] = ['/' + '**', '*' + '/']
    expect(vagueComments(file('src/a.ts', `a\n  ${open} ${word} it is. ${close}`))).toEqual([
      `src/a.ts:2: ${word} it is. ${close}`,
    ])
    expect(vagueComments(file('test/a.ts', `${open}\n * ${word} it is.\n ${close}`))).toHaveLength(1)
    expect(vagueComments(file('src/a.ts', `${open} Tells ${word} it is. ${close}\n// ${word} else`))).toEqual([])
    expect(vagueComments(file('docs/a.md', `${open} ${word} it is. ${close}`))).toEqual([])
  })

  it.each([
    ['const elapsed = performance.no', 'w() - startedAt'],
    ['expect(Date.no', 'w() - startedAt).toBeLessThan(5)'],
    ['await vi.wai', 'tFor(() => expect(a).toBe(1))'],
    ['await vi.wai', 'tUntil(() => a === 1, { interval: 5 })'],
    ["it('a', { timeou", 't: 30_000 }, async () => undefined)'],
    ['await new Promise((resolve) => setTimeou', 't(resolve, 100))'],
    ['import { setTimeou', "t as delay } from 'node:timers/promises'"],
  ])('on a test that looks at the clock: %s%s', (start, end) => {
    expect(hurried(file('test/a.test.ts', start + end))).toHaveLength(1)
    expect(hurried(file('src/a.ts', start + end))).toEqual([])
  })

  it('not on a test that says which instant it is, or waits for what comes', () => {
    const text = `${['const now = Date.no', 'w() - HOUR'].join('')}\nawait eventually(() => expect(a).toBe(1))`
    expect(hurried(file('test/a.test.ts', text))).toEqual([])
  })

  it('on a long file, unless it is a test or listed', () => {
    const text = 'a\n'.repeat(FILE_LINES_MAX + 1)
    expect(tooLong(file('src/a.ts', text))).toEqual([`src/a.ts: ${FILE_LINES_MAX + 1} lines`])
    expect(tooLong(file('src/a.ts', 'a\n'.repeat(FILE_LINES_MAX)))).toEqual([])
    expect([...tooLong(file('test/a.test.ts', text)), ...tooLong(file(LONG_FILES[0]!, text))]).toEqual([])
  })

  it('on a long class of the engine', () => {
    const classOf = (lines: number) => `class A {\n${'  a() {}\n'.repeat(lines - 2)}}\n\nclass B {\n}\n`
    expect(longClasses(file('actors/a.ts', classOf(CLASS_LINES_MAX + 1)))).toEqual(['actors/a.ts: A: 251 lines'])
    expect(longClasses(file('actors/a.ts', classOf(CLASS_LINES_MAX)))).toEqual([])
  })

  it('on a long line, unless it cannot be wrapped', () => {
    expect(longLines(file('src/a.ts', `a\n${wide}`))).toEqual([`src/a.ts:2: ${wide.length} columns`])
    expect(longLines(file('src/a.ts', `/** '${wide}' */`))).toHaveLength(1)
    expect(longLines(file('src/a.ts', `a('${wide}')`))).toEqual([])
    expect(longLines(file('docs/a.md', wide))).toHaveLength(1)
    expect(longLines(file('docs/a.md', `| ${wide} |\n    ${wide}\n\`\`\`\n${wide}\n\`\`\``))).toEqual([])
    expect(longLines(file('.ci/run', wide))).toHaveLength(1)
  })
})
