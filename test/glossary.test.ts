/** Holds the glossary to the code: a word of an exported noun is plain English, or stands in the glossary. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = ['src', 'actors', 'destinations']

/** Words that any engineer reads without a glossary, names of formats and products among them. */
const PLAIN_WORDS: ReadonlySet<string> = new Set(
  `
    address addressed addresses addressing admin allocator allow answered api app application applied as ask asked bag
    batch before binary bits blocked board body bucket bull callback cells certificate change changed checked
    checkpointer choice choices class client clock code collection column comparison compiled compiler complaint
    concern config configured context control count counted counts credential credentials csv damaged data date
    default defined delayed description died difference directory disk distinct drawn duration edge ending engine
    error ever exact existing exported express extension extreme failed failure failures fault field fields file files
    forgotten format found frequency from gauges granted group grouped head heap heard held holder hooks http identify
    identity imported index input inputs inspection joined json judged kind limit limits listed listen listener lost
    make maker mapped member members memory metrics name named names new next notes numbered numbers object observed
    of older on operation options order origin outgoing overview own owner paced pair parameters parsed parser path
    people place placed planned pool present private process progress put query range rate raw reached reader readers
    reading received record recovered redis reference rehearsed rejected relative response rest results retry retrying
    row running sample save schedule schema scope scratch search secrets server service set setting settings settled
    settling setup several shown signed since size skipped sought state stateful states status step store stored
    stores strategy subject sum summary supervised supervision table take taken target test text timed timer to token
    tokens touched track tried unit united unknown unmoved user users value valued values variable vendor verification
    verified verify version view visit waiting word work yaml
  `
    .trim()
    .split(/\s+/),
)

/** Lists the classes, interfaces and types that a file exports. */
function exportedNouns(path: string, text: string): string[] {
  const nouns: string[] = []
  ts.forEachChild(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), (node) => {
    const isNoun = ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
    const isExported = isNoun && node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (isExported && node.name) nouns.push(node.name.text)
  })
  return nouns
}

/** Splits `HttpRequest` into `http` and `request`. */
function wordsOf(name: string): string[] {
  return name.split(/(?=[A-Z])/).map((word) => word.toLowerCase())
}

/** Lists the words that the glossary defines, in the singular and the plural. */
function definedWords(glossary: string): Set<string> {
  const terms = [...glossary.toLowerCase().matchAll(/\*\*([^*]+)\*\*/g)].flatMap(([, term]) => term!.split(/[^a-z]+/))
  return new Set(terms.flatMap((term) => [term, `${term}s`, term.replace(/y$/, 'ies'), term.replace(/s$/, '')]))
}

function undefinedWords(names: readonly string[], glossary: string): string[] {
  const defined = definedWords(glossary)
  return names.flatMap((name) =>
    wordsOf(name)
      .filter((word) => !defined.has(word) && !PLAIN_WORDS.has(word))
      .map((word) => `${word} (${name})`),
  )
}

function nounsOfProduct(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules/'))
      .flatMap((name) => {
        const path = posix.join(folder, name)
        return exportedNouns(path, readFileSync(join(ROOT, path), 'utf8'))
      }),
  )
}

describe('docs/glossary.md', () => {
  const glossary = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8')
  const nouns = nounsOfProduct()

  it('defines every word of an exported noun that is not plain English', () => {
    expect(nouns.length).toBeGreaterThan(300)
    expect(undefinedWords(nouns, glossary)).toEqual([])
  })

  it('leaves no word in the list of plain ones that no noun has', () => {
    const used = new Set(nouns.flatMap(wordsOf))
    expect([...PLAIN_WORDS].filter((word) => !used.has(word))).toEqual([])
  })

  it('has no two types of one name', () => {
    expect(nouns.filter((noun, index) => nouns.indexOf(noun) !== index)).toEqual([])
  })
})

describe('the rules fire', () => {
  it('on a word that the glossary lacks', () => {
    expect(undefinedWords(['FrobState', 'SpaceOutbox'], '**space** **outbox** **state**')).toEqual(['frob (FrobState)'])
    expect(undefinedWords(['ActorQueues'], '**actor queue**: …')).toEqual([])
  })

  it('on exported nouns alone', () => {
    const text = 'export class A {}\nexport interface B {}\nexport type C = 1\ntype D = 2\nexport const e = 3'
    expect(exportedNouns('a.ts', text)).toEqual(['A', 'B', 'C'])
  })
})
