/** Backups as files: what was written is read again, in chunks of any size, and whatever is not as it was is refused. */
import fc from 'fast-check'
import { pack } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import {
  BACKUP_VERSION,
  type BackupHeader,
  type BackupPart,
  decodeBackup,
  encodeBackup,
} from '../../src/checkpoints/backup-codec.ts'
import { codeOf } from '../support/code-of.ts'

const HEADER: BackupHeader = { version: BACKUP_VERSION, spaceId: 'shop', checkpoint: 7, asOf: 1_000, parts: 3 }
const PARTS: readonly BackupPart[] = [
  { writer: 7, name: 'head', bytes: Buffer.from('the head') },
  { writer: 3, name: 'page:0', bytes: Buffer.alloc(100, 1) },
  { writer: 7, name: 'page:1', bytes: Buffer.alloc(0) },
]

async function* each<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item)
}

async function written(header = HEADER, parts = PARTS): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of encodeBackup(header, each(parts))) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function read(chunks: Iterable<Buffer>): Promise<{ header: BackupHeader; parts: BackupPart[] }> {
  const { header, parts } = await decodeBackup(each(chunks))
  const found: BackupPart[] = []
  for await (const part of parts) found.push(part)
  return { header, parts: found }
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let from = 0
  for (const size of sizes) {
    chunks.push(bytes.subarray(from, from + size))
    from += size
  }
  return [...chunks, bytes.subarray(from)]
}

describe('a backup', () => {
  it('is read as it was written, whatever the chunks in which it comes', async () => {
    const bytes = await written()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 40 }), { maxLength: 30 }), async (sizes) => {
        expect(await read(cut(bytes, sizes))).toEqual({ header: HEADER, parts: PARTS })
      }),
    )
  })

  it('is refused wherever it ends early, and if any byte of it is another', async () => {
    const bytes = await written()
    for (let end = 0; end < bytes.length; end++)
      expect(await codeOf(read([bytes.subarray(0, end)])), `cut at ${end}`).toBe('invalid_backup')
    for (let at = 0; at < bytes.length; at++) {
      const other = Buffer.from(bytes)
      other[at]! ^= 1
      // The header is of use to whoever reads it; it is not what is restored.
      const changed = await read([other]).then(
        ({ parts }) => parts,
        () => 'refused',
      )
      expect(['refused', PARTS], `byte ${at}`).toContainEqual(changed)
    }
  })

  it('is refused if it lacks a part, has one twice, or has them in another order', async () => {
    const bytes = await written()
    const [magicAndHeader, ...others] = recordsOf(bytes)
    const [head, page, empty, end] = others as [Buffer, Buffer, Buffer, Buffer]
    for (const records of [
      [head, page, end],
      [head, page, page, empty, end],
      [page, head, empty, end],
    ])
      expect(await codeOf(read([magicAndHeader!, ...records]))).toBe('invalid_backup')
  })

  it('is refused if a later program wrote it, and if it is something else', async () => {
    expect(await codeOf(read([await written({ ...HEADER, version: BACKUP_VERSION + 1 })]))).toBe('invalid_backup')
    expect(await codeOf(read([Buffer.from('PK\u0003\u0004 no backup at all, but long enough')]))).toBe('invalid_backup')
    expect(await codeOf(read([]))).toBe('invalid_backup')
  })
})

/** Cuts a backup at its records; the first piece goes up to the end of the header. */
function recordsOf(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  let from = 'rollcall backup\n'.length
  let start = 0
  while (from < bytes.length) {
    from += 4 + bytes.readUInt32LE(from)
    pieces.push(bytes.subarray(start, from))
    start = from
  }
  expect(pieces[0]!.subarray('rollcall backup\n'.length + 4)).toEqual(pack(HEADER))
  return pieces
}
