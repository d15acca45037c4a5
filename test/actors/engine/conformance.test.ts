/** Every conformance case through the engine in process; the cases stand beside the repository, if they are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Shard } from '../../../actors/engine/shard.ts'
import { readDefinitionsFile } from '../../../src/cli/definitions-file.ts'
import { formatInstant, parseInstant } from '../../../src/model/time.ts'
import type { JsonValue } from '../../../src/model/json.ts'

const CASES = join(import.meta.dirname, '../../../../shared/conformance')

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
    const receivedAt = instantOf(body['receivedAt'] ?? body['timestamp'])
    const sourceId = typeof body['sourceId'] === 'string' ? body['sourceId'] : ''
    apply({ kind: 'calls', receivedAt, calls: [{ body, sourceId }] })
  }
  apply({ kind: 'tick', receivedAt: instantOf(readFileSync(join(folder, 'until'), 'utf8').trim()) + 1 })
  return lines
}

/** One text a transition, in the order in which cases are compared: by at, profile, key, type, then as they came. */
function rows(lines: readonly Line[]): string[] {
  const keyed = lines.map(({ at, profile, key, type, value }) => ({
    order: [at, profile, key, type].join(' '),
    row: `${[at, profile, key, type].join(' ')} ${JSON.stringify(value ?? null)}`,
  }))
  return keyed.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0)).map(({ row }) => row)
}

const cases = existsSync(CASES)
  ? readdirSync(CASES).filter((name) => existsSync(join(CASES, name, 'expected.ndjson')))
  : []

describe('conformance cases', () => {
  if (cases.length === 0) {
    console.warn(`SKIPPED: no conformance cases in ${CASES}; the engine is not held against them`)
    it.skip('are absent', () => undefined)
    return
  }

  it.each(cases)('%s', (name) => {
    const folder = join(CASES, name)
    expect(rows(transitionsOf(folder))).toEqual(rows(linesIn(folder, 'expected.ndjson') as unknown as Line[]))
  })
})
