/** Runs every conformance case through the oracle, if the cases are there: they are kept beside the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { JsonValue } from '../../src/model/json.ts'
import { runOracle, type OracleInput } from './oracle.ts'
import { alphabetically, instantOfText } from './values.ts'

const CASES = join(import.meta.dirname, '../../../shared/conformance')

interface Expected {
  readonly at: string
  readonly type: string
  readonly key: string
  readonly profile: string
  readonly value?: JsonValue
}

function read(name: string, file: string): string {
  return readFileSync(join(CASES, name, file), 'utf8').trim()
}

function lines<Line>(text: string): Line[] {
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Line)
}

function instant(text: string): number {
  const at = instantOfText(text)
  if (at === undefined) throw new Error(`no instant: ${text}`)
  return at
}

function inputOf(call: Record<string, unknown>): OracleInput {
  const receivedAt = call['receivedAt'] ?? call['timestamp']
  return { kind: 'call', call, receivedAt: typeof receivedAt === 'string' ? instant(receivedAt) : 0 }
}

function computed(name: string): Transition[] {
  const { definitions } = JSON.parse(read(name, 'definitions.json')) as {
    definitions: (Omit<DefinitionSource, 'type'> & Partial<DefinitionSource>)[]
  }
  return runOracle({
    definitions: definitions.map((definition) => ({ type: 'USERS', ...definition })),
    inputs: lines<Record<string, unknown>>(read(name, 'events.ndjson')).map(inputOf),
    until: instant(read(name, 'until')),
  })
}

/** One line a transition, in the order in which cases are compared: by at, profile, key, type, then as they came. */
function rows(transitions: readonly Expected[]): string[] {
  const order = ({ at, profile, key, type }: Expected) => [at, profile, key, type].join(' ')
  return [...transitions]
    .sort((a, b) => alphabetically(order(a), order(b)))
    .map((transition) => `${order(transition)} ${JSON.stringify(transition.value)}`)
}

const cases = existsSync(CASES)
  ? readdirSync(CASES).filter((name) => existsSync(join(CASES, name, 'expected.ndjson')))
  : []

describe('conformance cases', () => {
  if (cases.length === 0) {
    console.warn(`SKIPPED: no conformance cases in ${CASES}; the oracle is not held against them`)
    it.skip('are absent', () => undefined)
    return
  }
  it.each(cases)('%s', (name) => {
    const got = computed(name).map((transition) => ({ ...transition, at: new Date(transition.at).toISOString() }))
    expect(rows(got)).toEqual(rows(lines<Expected>(read(name, 'expected.ndjson'))))
  })
})
