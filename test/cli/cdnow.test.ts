/** Eighteen months of real purchases through the command line: `../shared/data`, next to the repository. */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { runReplay } from './run-replay.ts'

const DATA = join(import.meta.dirname, '../../../shared/data')
const MEMBERS_AT = 'members_at '

interface Line {
  readonly at: string
  readonly type: 'entered' | 'exited' | 'trait'
  readonly key: string
  readonly profile: string
}

interface Expected {
  readonly until: string
  readonly transitions: number
  readonly per_key: Record<string, Record<string, number>>
  readonly sha256: string
}

/** Counts by key and type. */
function countsOf(lines: readonly Line[]): Record<string, Record<string, number>> {
  const counts: Record<string, Record<string, number>> = {}
  for (const { key, type } of lines) {
    const ofKey = (counts[key] ??= {})
    ofKey[type] = (ofKey[type] ?? 0) + 1
  }
  return counts
}

/** Counts the members of each audience at an instant, with all changes at it. */
function membersAt(instant: string, lines: readonly Line[]): Record<string, number> {
  const members: Record<string, number> = {}
  for (const { at, key, type } of lines) {
    if (type === 'trait' || at > instant) continue
    members[key] = (members[key] ?? 0) + (type === 'entered' ? 1 : -1)
  }
  return members
}

function digestOf(lines: readonly Line[]): string {
  const rows = lines.map(({ at, profile, key, type }) => `${at} ${profile} ${key} ${type}\n`).sort()
  return createHash('sha256').update(rows.join('')).digest('hex')
}

describe('the purchases of CDNOW', () => {
  if (!existsSync(join(DATA, 'cdnow.ndjson.gz'))) {
    console.warn(`SKIPPED: no CDNOW data in ${DATA}; the command line is not held against it`)
    it.skip('are absent', () => undefined)
    return
  }

  it('give the transitions that a naive evaluation gives', async () => {
    const expected = JSON.parse(readFileSync(join(DATA, 'cdnow.expected.json'), 'utf8')) as Expected
    const definitions = join(DATA, 'cdnow.definitions.json')
    const calls = createReadStream(join(DATA, 'cdnow.ndjson.gz')).pipe(createGunzip())
    const args = ['--definitions', definitions, '--events', '-', '--until', expected.until]
    const { code, stdout, stderr } = await runReplay(args, calls)
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    expect(lines.length).toBe(expected.transitions)
    expect(countsOf(lines)).toEqual(expected.per_key)
    const snapshots = Object.entries(expected).filter(([name]) => name.startsWith(MEMBERS_AT))
    expect(snapshots).toHaveLength(1)
    for (const [name, members] of snapshots) expect(membersAt(name.slice(MEMBERS_AT.length), lines)).toEqual(members)
    expect(digestOf(lines)).toBe(expected.sha256)
  })
})
