/** Files that are written while others work: what is in them, what is held, and the lines that come back. */
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { linesOf, SpoolFile } from '../../src/exports/spool-file.ts'

const KIB = 1024

let path: string
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'spool-')), 'file')
})

async function read(): Promise<string[]> {
  const lines: string[] = []
  for await (const some of linesOf(path)) lines.push(...some)
  return lines
}

describe('a spool', () => {
  it('is for its owner alone, and has what was added in order', async () => {
    const spool = await SpoolFile.create(path, () => undefined)
    for (const text of ['a\n', 'b\n']) spool.add(Buffer.from(text))
    await spool.flush()
    spool.add(Buffer.from('c\n'))
    await spool.flush()
    await spool.close()
    expect(readFileSync(path, 'utf8')).toBe('a\nb\nc\n')
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('writes at once what comes in a burst, in its place, though a write is under way', async () => {
    const grown: number[] = []
    const spool = await SpoolFile.create(path, (bytes) => grown.push(bytes))
    spool.add(Buffer.alloc(100 * KIB, 'a'))
    expect([spool.isFull, statSync(path).size]).toEqual([true, 0])
    const flushing = spool.flush()
    for (let count = 0; count < 40; count++) spool.add(Buffer.alloc(100 * KIB, 'b'))
    // Not more than a mebibyte is held.
    expect(grown.length).toBeGreaterThanOrEqual(4)
    expect(Math.max(...grown)).toBeLessThanOrEqual(1100 * KIB)
    await flushing
    await spool.flush()
    await spool.close()
    expect(readFileSync(path, 'utf8')).toBe('a'.repeat(100 * KIB) + 'b'.repeat(4000 * KIB))
    expect(grown.reduce((sum, bytes) => sum + bytes)).toBe(4100 * KIB)
  })

  it('is not written to if there is no room', async () => {
    const spool = await SpoolFile.create(path, () => {
      throw new Error('full')
    })
    spool.add(Buffer.from('a'))
    await expect(spool.flush()).rejects.toThrow('full')
    await spool.close()
    expect(statSync(path).size).toBe(0)
  })
})

it('lines come back one by one: short, long, empty, and with other ends of lines in them', async () => {
  const lines = [
    '',
    'a',
    'ä€🙂'.repeat(20_000),
    'a\u2028b\r',
    ...Array.from({ length: 3_000 }, (_, index) => `l${index}`),
  ]
  const spool = await SpoolFile.create(path, () => undefined)
  for (const line of lines) spool.add(Buffer.from(`${line}\n`))
  await spool.flush()
  await spool.close()
  expect(await read()).toEqual(lines)
})
