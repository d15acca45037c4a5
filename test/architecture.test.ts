/**
 * The house as its imports show it. Each rule takes a map of files and gives what breaks it, so that it is held against
 * this repository and, in a test of its own, against a few made-up files.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

interface Layer {
  /** A folder or a file, from the root of the repository. */
  readonly path: string
  /** Other folders that it may import. */
  readonly may: readonly string[]
  /** Folders that it may import by `import type` alone. */
  readonly mayTypes?: readonly string[]
  /** The only packages that it may import, builtins among them; left out: any. */
  readonly packages?: readonly string[]
}

const PRODUCT = ['src', 'actors', 'destinations']
const GROUND = ['src/model', 'src/language']
const SPACE = ['src/process', 'src/redis', 'src/journal', 'src/checkpoints', 'src/outbox', 'src/space']
const DELIVERY = ['src/calls', 'src/queue', 'src/worker', 'src/dispatch']

/** From the ground up; nothing may import `test`, and `bench` only its own tests: the lists have them nowhere else. */
const LAYERS: readonly Layer[] = [
  // Ground: what both the engine and the rest of the product stand on.
  { path: 'src/model', may: [] },
  { path: 'src/language', may: ['src/model'] },
  // Engine.
  { path: 'actors', may: GROUND, packages: ['rxjs', 'msgpackr'] },
  // Space: one space as its journal makes it.
  { path: 'src/process', may: ['src/model'] },
  { path: 'src/redis', may: ['src/model', 'src/process'] },
  { path: 'src/journal', may: ['src/model', 'src/redis'] },
  { path: 'src/checkpoints', may: ['src/model', 'src/redis', 'src/journal'], mayTypes: ['actors'] },
  { path: 'src/outbox', may: ['src/model'], mayTypes: ['actors'] },
  { path: 'src/space', may: [...GROUND, ...SPACE, 'actors', 'destinations'] },
  { path: 'src/cluster', may: ['src/model', 'src/redis'] },
  { path: 'src/alerts', may: ['src/model'] },
  { path: 'src/tracing', may: ['src/model'] },
  { path: 'src/exports', may: ['src/model', 'src/space', 'actors', 'destinations'] },
  // Delivery: from the outbox to a destination, in the order in which data takes it.
  { path: 'destinations', may: ['src/model'] },
  { path: 'src/calls', may: ['src/model', 'src/outbox', 'src/queue'] },
  { path: 'src/queue', may: ['src/model', 'src/redis', 'src/outbox', 'destinations'] },
  { path: 'src/worker', may: ['src/model', 'src/redis', 'src/calls', 'src/queue', 'destinations'] },
  { path: 'src/dispatch', may: ['src/model', 'src/process', 'src/outbox', ...DELIVERY, 'destinations'] },
  // Edges: where the outside meets the product.
  { path: 'src/segment', may: [...GROUND, 'actors', 'destinations'] },
  { path: 'src/http', may: ['src/model'] },
  { path: 'src/demonstration', may: ['src/model'] },
  { path: 'src/console', may: ['src/model', 'src/http', 'src/demonstration'] },
  { path: 'src/ingest', may: ['src/model', 'src/http'] },
  { path: 'src/link', may: ['src/model'] },
  { path: 'src/profile-api', may: [...GROUND, 'src/http'] },
  { path: 'src/control-api', may: [...GROUND, 'src/http', 'src/segment'] },
  { path: 'src/mcp', may: ['src/model'], packages: ['@modelcontextprotocol/server', 'zod'] },
  { path: 'src/server', may: PRODUCT },
  { path: 'src/cli', may: PRODUCT },
  { path: 'src/main.ts', may: PRODUCT },
  { path: 'docs/sample', may: ['src/model', 'destinations'] },
  { path: 'test/bench', may: ['bench'] },
  // The console: it asks the HTTP API, and shares the language alone.
  { path: 'web/vite.config.ts', may: [] },
  { path: 'web', may: GROUND },
  { path: 'test', may: [...PRODUCT, 'web', 'script', 'docs/sample'] },
  { path: 'bench', may: PRODUCT },
]

/** Files that only tests use so far. An entry that the program reaches fails the test. */
const NOT_REACHED_YET: readonly string[] = []

/** Path from the root of the repository → text. */
type Files = ReadonlyMap<string, string>

interface Import {
  /** A path from the root, or the specifier of a package. */
  readonly to: string
  readonly isPackage: boolean
  /** By `import type`: gone when it runs. */
  readonly isType: boolean
}

const FOLDERS = [...PRODUCT, 'web', 'bench', 'docs/sample', 'test']
const FORBIDDEN_IN_ACTORS = ['process', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'globalThis']
/** Parts of RxJS that look at the clock by themselves. */
const TIMED_OPERATORS =
  /^(timer|interval|timestamp|timeInterval|timeout(With)?|delay|(audit|buffer|debounce|sample|throttle|window)Time|\w+Scheduler)$/

function readRepository(): Files {
  const root = join(import.meta.dirname, '..')
  const paths = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => posix.join(folder, name)),
  )
  return new Map(paths.filter(isSource).map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

function isSource(path: string): boolean {
  return /\.tsx?$/.test(path) && !path.includes('node_modules/')
}

const parsed = new Map<string, ts.SourceFile>()

/** Once, however many rules look at it. */
function parse(path: string, text: string): ts.SourceFile {
  const known = parsed.get(path)
  if (known?.text === text) return known
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  parsed.set(path, file)
  return file
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, (child) => {
    visit(child, see)
  })
}

/** Every import of a file: declared, re-exported, awaited, or of a type in place. */
function importsOf(path: string, text: string): Import[] {
  const imports: Import[] = []
  const add = (specifier: ts.Node | undefined, isType: boolean): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return
    const isPackage = !specifier.text.startsWith('.')
    const to = isPackage ? specifier.text : posix.join(posix.dirname(path), specifier.text)
    imports.push({ to, isPackage, isType })
  }
  visit(parse(path, text), (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.phaseModifier === TYPE)
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node))
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    else if (ts.isExternalModuleReference(node)) add(node.expression, false)
    else if (ts.isCallExpression(node) && isLoad(node.expression)) add(node.arguments[0], false)
  })
  return imports
}

const TYPE = ts.SyntaxKind.TypeKeyword

function isLoad(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function layerOf(path: string): Layer | undefined {
  return LAYERS.find((layer) => isWithin(path, layer.path))
}

/** Imports against the table of layers, and files that have no layer. */
function againstLayers(files: Files): string[] {
  const found: string[] = []
  for (const [path, text] of files) {
    const layer = layerOf(path)
    if (!layer) {
      found.push(`${path}: in no layer`)
      continue
    }
    for (const { to, isPackage, isType } of importsOf(path, text)) {
      const allowed = [layer.path, ...layer.may, ...(isType ? (layer.mayTypes ?? []) : [])]
      const isAllowed = isPackage
        ? (layer.packages?.includes(to) ?? true)
        : allowed.some((folder) => isWithin(to, folder))
      if (!isAllowed) found.push(`${path} -> ${to}`)
    }
  }
  return found
}

/** Every import between files, `from -> to`, once. */
function edgesOf(files: Files): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>()
  for (const [path, text] of files)
    edges.set(path, new Set(importsOf(path, text).flatMap(({ to, isPackage }) => (isPackage ? [] : [to]))))
  return edges
}

function reachedFrom(start: string, edges: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const reached = new Set<string>()
  const open = [...(edges.get(start) ?? [])]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    open.push(...(edges.get(path) ?? []))
  }
  return reached
}

/** Edges, of types too, from which a way leads back to where they start. */
function cyclic(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reached = new Map([...edges.keys()].map((path) => [path, reachedFrom(path, edges)]))
  return [...edges].flatMap(([from, targets]) =>
    [...targets].filter((to) => to === from || reached.get(to)?.has(from)).map((to) => `${from} -> ${to}`),
  )
}

/** The graph of folders: `from -> to` where a file of one imports a file of the other. */
function foldersOf(edges: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>()
  for (const [path, targets] of edges) {
    const from = posix.dirname(path)
    const others = [...targets].map((to) => posix.dirname(to)).filter((to) => to !== from)
    folders.set(from, new Set([...(folders.get(from) ?? []), ...others]))
  }
  return folders
}

/** Files that define nothing and only hand on what others define. */
function barrels(files: Files): string[] {
  return [...files].flatMap(([path, text]) => {
    const { statements } = parse(path, text)
    const handsOn = statements.some(
      (statement) => ts.isExportDeclaration(statement) || ts.isExportAssignment(statement),
    )
    const definesNothing = statements.every(
      (statement) =>
        ts.isImportDeclaration(statement) ||
        ts.isExportDeclaration(statement) ||
        (ts.isExportAssignment(statement) && ts.isIdentifier(statement.expression)),
    )
    return handsOn && definesNothing ? [path] : []
  })
}

/** Places at which the environment is read: by `process.env`, or by taking `env` out of `process`. */
function environmentReads(files: Files): string[] {
  const found: string[] = []
  for (const [path, text] of files) {
    const source = parse(path, text)
    const add = (node: ts.Node): void => {
      found.push(`${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`)
    }
    visit(source, (node) => {
      if (ts.isImportDeclaration(node) && /^'(node:)?process'$/.test(node.moduleSpecifier.getText())) add(node)
      if (!ts.isIdentifier(node) || node.text !== 'process') return
      const { parent } = node
      if (memberOf(node) === 'env') add(node)
      else if (ts.isVariableDeclaration(parent) && parent.initializer === node && /\benv\b/.test(parent.name.getText()))
        add(node)
    })
  }
  return found
}

/** The name that is read of an object: `b` of `a.b` and of `a['b']`. */
function memberOf(node: ts.Identifier): string | undefined {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) return parent.name.text
  if (!ts.isElementAccessExpression(parent) || parent.expression !== node) return undefined
  return ts.isStringLiteralLike(parent.argumentExpression) ? parent.argumentExpression.text : '?'
}

/** Clocks, timers, randomness and the environment inside `actors/`: the same entries must give the same transitions. */
function impurities(files: Files): string[] {
  const found = new Set<string>()
  for (const [path, text] of files) {
    if (!isWithin(path, 'actors')) continue
    visit(parse(path, text), (node) => {
      if (ts.isIdentifier(node) && isImpure(node)) found.add(`${path}: ${node.parent.getText()}`)
    })
  }
  return [...found]
}

function isImpure(node: ts.Identifier): boolean {
  const { parent, text } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false
  if (ts.isImportSpecifier(parent)) return TIMED_OPERATORS.test((parent.propertyName ?? parent.name).text)
  if (FORBIDDEN_IN_ACTORS.includes(text)) return true
  if (text === 'Math') return ts.isPropertyAccessExpression(parent) ? parent.name.text === 'random' : true
  if (text !== 'Date' || ts.isTypeReferenceNode(parent)) return false
  if (ts.isNewExpression(parent)) return (parent.arguments ?? []).length === 0
  return !['UTC', 'parse'].includes(memberOf(node) ?? '')
}

/** Files that import async hooks: from their first use on they follow all promises, which every request pays for. */
function hooking(files: Files): string[] {
  return [...files]
    .filter(([path, text]) => importsOf(path, text).some(({ to }) => /^(node:)?async_hooks$/.test(to)))
    .map(([path]) => path)
}

/** The program, and the console. */
const ENTRANCES = ['src/main.ts', 'web/src/main.tsx']

/** Files of the product's own folders to which no import leads from an entrance. */
function unreachable(files: Files): string[] {
  const edges = edgesOf(files)
  const reached = new Set(ENTRANCES.flatMap((entrance) => [entrance, ...reachedFrom(entrance, edges)]))
  const isOurs = (path: string) => ['src', 'actors', 'web/src'].some((folder) => isWithin(path, folder))
  return [...files.keys()].filter((path) => isOurs(path) && !reached.has(path))
}

function partOf(files: Files, ...folders: readonly string[]): Files {
  return new Map([...files].filter(([path]) => folders.some((folder) => isWithin(path, folder))))
}

describe('the repository', () => {
  const files = readRepository()

  it('imports along the table of layers', () => {
    expect(againstLayers(files)).toEqual([])
  })

  it('has no circle of imports, of types neither', () => {
    expect(cyclic(edgesOf(files))).toEqual([])
  })

  it('has no circle of folders, of types neither', () => {
    expect(cyclic(foldersOf(edgesOf(files)))).toEqual([])
  })

  it('has no barrel', () => {
    expect(barrels(files)).toEqual([])
  })

  it('reads the environment in one place of the product, and in one of the benches', () => {
    expect(environmentReads(partOf(files, ...PRODUCT))).toEqual([
      expect.stringMatching(/^src\/server\/settings\.ts:\d+$/),
    ])
    expect(environmentReads(partOf(files, 'bench'))).toHaveLength(1)
  })

  it('has no clock, timer, chance or environment inside the actors', () => {
    expect(impurities(files)).toEqual([])
  })

  it('has nothing of the server follow all promises', () => {
    expect(hooking(partOf(files, 'src', 'actors'))).toEqual([])
  })

  it('has no file that the program does not reach, but for those listed', () => {
    expect(unreachable(files)).toEqual(NOT_REACHED_YET)
  })
})

describe('the rules fire', () => {
  const map = (files: Record<string, string>): Files => new Map(Object.entries(files))

  it.each([
    ['src/model/a.ts', "import { b } from '../language/b.ts'"],
    ['src/model/a.ts', "export { b } from '../language/b.ts'"],
    ['src/model/a.ts', "type B = import('../language/b.ts').B"],
    ['src/language/a.ts', "import type { B } from '../../actors/b.ts'"],
    ['src/language/a.ts', "const b = await import('../http/b.ts')"],
    ['actors/a.ts', "import { b } from '../src/journal/b.ts'"],
    ['actors/a.ts', "import { readFileSync } from 'node:fs'"],
    ['actors/a.ts', "import { Buffer } from 'node:buffer'"],
    ['actors/a.ts', "import { z } from 'zod'"],
    ['actors/a.ts', "import { map } from 'rxjs/operators'"],
    ['destinations/a.ts', "import { b } from '../src/language/b.ts'"],
    ['src/outbox/a.ts', "import { b } from '../../actors/b.ts'"],
    ['src/checkpoints/a.ts', "import { type B } from '../../actors/b.ts'"],
    ['src/ingest/a.ts', "import { b } from '../journal/b.ts'"],
    ['src/profile-api/a.ts', "import { b } from '../../actors/b.ts'"],
    ['src/control-api/a.ts', "import { b } from '../ingest/b.ts'"],
    ['src/http/a.ts', "import { b } from '../space/pipeline.ts'"],
    ['src/space/pipeline.ts', "import { b } from '../../test/support/b.ts'"],
    ['src/space/pipeline.ts', "import type { B } from '../http/b.ts'"],
    ['src/cli/a.ts', "import { b } from '../../bench/b.ts'"],
    ['bench/a.ts', "import { b } from '../test/b.ts'"],
    ['test/a.ts', "import { b } from '../bench/b.ts'"],
    ['src/elsewhere/a.ts', ''],
  ])('on a layer: %s, %s', (path, text) => {
    expect(againstLayers(map({ [path]: text }))).toHaveLength(1)
  })

  it('not on an import that the table allows', () => {
    const files = map({
      'actors/a.ts': "import { map } from 'rxjs'\nimport { pack } from 'msgpackr'\nimport { b } from './plan/b.ts'",
      'actors/plan/b.ts': "import { parseQuery } from '../../src/language/parse.ts'",
      'src/outbox/a.ts': "import type { B } from '../../actors/b.ts'\nimport { readFile } from 'node:fs/promises'",
      'src/main.ts': "import { b } from '../destinations/b.ts'\nimport { a } from './cli/a.ts'",
      'test/a.ts': "import { b } from '../actors/b.ts'\nimport { c } from './support/c.ts'",
    })
    expect(againstLayers(files)).toEqual([])
  })

  it('on async hooks', () => {
    const text = "import { AsyncLocalStorage } from 'node:async_hooks'"
    expect(hooking(map({ 'src/a.ts': text, 'src/b.ts': "import { once } from 'node:events'" }))).toEqual(['src/a.ts'])
  })

  it('on a circle, of types too, and not on what leads to one', () => {
    const files = map({
      'actors/a.ts': "import type { B } from './b.ts'",
      'actors/b.ts': "import { c } from './c.ts'",
      'actors/c.ts': "import { a } from './a.ts'",
      'actors/d.ts': "import { a } from './a.ts'",
      'actors/e.ts': "import { e } from './e.ts'",
    })
    const circle = ['actors/a.ts -> actors/b.ts', 'actors/b.ts -> actors/c.ts', 'actors/c.ts -> actors/a.ts']
    expect(cyclic(edgesOf(files))).toEqual([...circle, 'actors/e.ts -> actors/e.ts'])
  })

  it('on a circle of folders that no files make', () => {
    const files = map({
      'actors/a/one.ts': "import type { B } from '../b/two.ts'",
      'actors/b/two.ts': '',
      'actors/b/three.ts': "import { a } from '../a/four.ts'",
      'actors/a/four.ts': "import { one } from './one.ts'",
      'actors/c/five.ts': "import { a } from '../a/four.ts'",
    })
    expect(cyclic(foldersOf(edgesOf(files)))).toEqual(['actors/a -> actors/b', 'actors/b -> actors/a'])
  })

  it.each([
    ["export * from './b.ts'", true],
    ["export { b } from './b.ts'\nexport type { C } from './c.ts'", true],
    ["import { b } from './b.ts'\nexport { b }", true],
    ["import b from './b.ts'\nexport default b", true],
    ["export { b } from './b.ts'\nexport const c = 1", false],
    ["import './b.ts'", false],
  ])('on a barrel: %s is one: %s', (text, isBarrel) => {
    expect(barrels(map({ 'src/a.ts': text }))).toEqual(isBarrel ? ['src/a.ts'] : [])
  })

  it.each(["process.env['A']", "process['env']", 'const { env } = process', "import { env } from 'node:process'"])(
    'on reading the environment: %s',
    (text) => {
      expect(environmentReads(map({ 'src/a.ts': `\n${text}`, 'src/b.ts': 'process.exitCode = 1' }))).toEqual([
        'src/a.ts:2',
      ])
    },
  )

  it.each([
    'Date.now()',
    'new Date()',
    "Date['now']()",
    'const { now } = Date',
    'Math.random()',
    'const { random } = Math',
    'performance.now()',
    'setTimeout(() => 1, 1)',
    'process.env',
    'globalThis.Date',
    "import { timer } from 'rxjs'",
    "import { delay as later } from 'rxjs'",
  ])('on what is not pure inside the actors: %s', (text) => {
    expect(impurities(map({ 'actors/a.ts': text }))).toHaveLength(1)
    expect(impurities(map({ 'src/a.ts': text }))).toEqual([])
  })

  it.each(['new Date(5)', 'Date.UTC(2026, 1)', 'Math.max(1, 2)', 'a.process', "import { map } from 'rxjs'"])(
    'not on what is pure: %s',
    (text) => {
      expect(impurities(map({ 'actors/a.ts': text }))).toEqual([])
    },
  )

  it('on a file that nothing leads to', () => {
    const files = map({
      'src/main.ts': "import { a } from './a.ts'",
      'src/a.ts': "import type { B } from '../actors/b.ts'",
      'actors/b.ts': '',
      'actors/lost.ts': "import { a } from '../src/a.ts'",
      'test/c.ts': '',
    })
    expect(unreachable(files)).toEqual(['actors/lost.ts'])
  })
})
