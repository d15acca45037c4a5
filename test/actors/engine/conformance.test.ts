/** Every conformance case through the engine in process; the cases stand beside the repository, if they are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import { readDefinitionsFile } from '../../../src/cli/definitions-file.ts'
import { readCommand } from '../../../src/cli/replay-command.ts'
import { EngineError } from '../../../src/model/errors.ts'
import { formatInstant, parseInstant } from '../../../src/model/time.ts'
import type { JsonValue } from '../../../src/model/json.ts'

const SHARED = join(import.meta.dirname, '../../../../shared')

interface Line {
  readonly at: string
  readonly profile: string
  readonly key: string
  readonly type: string
  readonly value?: JsonValue
}

function instantOf(text: unknown): number {
  const instant = typeof text === 'string' ? parseInstant(text) : undefined
  if (instant === undefined) throw new Error(`no instant: ${String(text)}`)
  return instant
}

function linesIn(folder: string, file: string): Record<string, unknown>[] {
  return readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** Runs a case, and writes its transitions as `replay` would. */
function transitionsOf(folder: string): Line[] {
  const shard = new Shard({ definitions: readDefinitionsFile(join(folder, 'definitions.json')) })
  const lines: Line[] = []
  const apply = (entry: Parameters<Shard['apply']>[0]) => {
    for (const transition of shard.apply(entry).transitions)
      lines.push({ ...transition, at: formatInstant(transition.at) })
  }
  for (const body of linesIn(folder, 'events.ndjson')) {
    const given = body['receivedAt'] ?? body['timestamp']
    const receivedAt = given === undefined ? shard.clock : instantOf(given)
    if ('command' in body) applyIfAllowed(shard, body, receivedAt, apply)
    else {
      const sourceId = typeof body['sourceId'] === 'string' ? body['sourceId'] : ''
      apply({ kind: 'calls', receivedAt, calls: [{ body, sourceId }] })
    }
  }
  apply({ kind: 'tick', receivedAt: instantOf(readFileSync(join(folder, 'until'), 'utf8').trim()) + 1 })
  return lines
}

/** Applies a command as `replay` does: one that is refused changes nothing. */
function applyIfAllowed(
  shard: Shard,
  body: Record<string, unknown>,
  receivedAt: number,
  apply: (entry: Parameters<Shard['apply']>[0]) => void,
): void {
  try {
    const command = readCommand(body, shard.definitions)
    apply({ kind: 'command', receivedAt, command, compiled: shard.compile(command, receivedAt) })
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
  }
}

/** One text a transition, in the order in which cases are compared: by at, profile, key, type, then as they came. */
function rows(lines: readonly Line[]): string[] {
  const keyed = lines.map(({ at, profile, key, type, value }) => ({
    order: [at, profile, key, type].join(' '),
    row: `${[at, profile, key, type].join(' ')} ${JSON.stringify(value ?? null)}`,
  }))
  return keyed.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0)).map(({ row }) => row)
}

function casesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'expected.ndjson')))
}

describe.each([
  { what: 'conformance cases', folder: join(SHARED, 'conformance') },
  { what: 'conformance cases of commands', folder: join(SHARED, 'conformance-commands') },
])('$what', ({ folder }) => {
  const cases = casesIn(folder)
  if (cases.length === 0) {
    console.warn(`SKIPPED: no conformance cases in ${folder}; the engine is not held against them`)
    it.skip('are absent', () => undefined)
    return
  }

  it.each(cases)('%s', (name) => {
    const ofCase = join(folder, name)
    expect(rows(transitionsOf(ofCase))).toEqual(rows(linesIn(ofCase, 'expected.ndjson') as unknown as Line[]))
  })
})
