/** The Dockerfile, as far as it can be checked without building an image. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

interface Instruction {
  readonly name: string
  readonly rest: string
}

/** The instructions, each as one line. */
function instructionsOf(text: string): Instruction[] {
  const lines = text.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '')
  return Array.from(lines.matchAll(/^([A-Z]+) +(.+)$/gm), ([, name, rest]) => ({ name: name!, rest: rest! }))
}

/** Lists the files that are copied from the repository, and are not there. */
function missingSources(instructions: readonly Instruction[], isThere: (path: string) => boolean): string[] {
  return instructions
    .filter(({ name, rest }) => ['COPY', 'ADD'].includes(name) && !rest.includes('--from='))
    .flatMap(({ rest }) =>
      rest
        .split(/ +/)
        .filter((word) => !word.startsWith('--'))
        .slice(0, -1),
    )
    .filter((path) => !isThere(path))
}

/** The program and its parameters of the last instruction of a name, in the form of a list. */
function commandOf(instructions: readonly Instruction[], name: string): string[] {
  const rest = instructions.findLast((one) => one.name === name)?.rest ?? '[]'
  return JSON.parse(rest.slice(rest.indexOf('['))) as string[]
}

describe('the Dockerfile', () => {
  const instructions = instructionsOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))
  const namesOf = instructions.map(({ name }) => name)

  it('runs the server without privileges: nothing after that becomes another user', () => {
    const users = instructions.filter(({ name }) => name === 'USER').map(({ rest }) => rest)
    expect(users.length).toBeGreaterThan(0)
    expect(users.at(-1)).toBe('node')
    expect(namesOf.slice(namesOf.lastIndexOf('USER'))).not.toContain('RUN')
    // A volume is the user's only if the folder was before.
    const made = instructions.find(({ rest }) => rest.includes('chown node /data'))
    expect(made && instructions.indexOf(made)).toBeLessThan(namesOf.indexOf('VOLUME'))
  })

  it('copies only what is there', () => {
    expect(missingSources(instructions, (path) => existsSync(join(ROOT, path)))).toEqual([])
  })

  it('starts, and asks for the health of, the program that is built', () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: { rollcall: string } }
    expect(commandOf(instructions, 'CMD')).toEqual(['node', bin.rollcall, 'serve'])
    expect(commandOf(instructions, 'HEALTHCHECK')).toEqual(['node', bin.rollcall, 'health'])
    const main = readFileSync(join(ROOT, 'src/main.ts'), 'utf8')
    for (const command of ['serve', 'health']) expect(main).toContain(`.command('${command}')`)
  })

  it('waits for an answer longer than the command does', () => {
    const seconds = Number(/--timeout=(\d+)s/.exec(instructions.find(({ name }) => name === 'HEALTHCHECK')!.rest)?.[1])
    const patience = /PATIENCE_MS = ([\d_]+)/.exec(readFileSync(join(ROOT, 'src/cli/health.ts'), 'utf8'))?.[1]
    expect(seconds * 1000).toBeGreaterThan(Number(patience?.replaceAll('_', '')))
  })
})

describe('the rules fire', () => {
  it('on what is copied from nowhere', () => {
    const text = '# COPY no /\nCOPY --chown=node src gone \\\n  there /app\nCOPY --from=build /dist /dist\nRUN a'
    expect(missingSources(instructionsOf(text), (path) => path === 'src')).toEqual(['gone', 'there'])
  })

  it('on the last command of a name', () => {
    expect(commandOf(instructionsOf('CMD ["a"]\nHEALTHCHECK --retries=3 CMD ["b", "c"]\nCMD ["d"]'), 'CMD')).toEqual([
      'd',
    ])
  })
})
