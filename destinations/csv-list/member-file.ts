/**
 * The members of one audience, in a file and in memory. A reader of the file always finds a whole one.
 *
 * M1. Memory is never ahead of the file: after a write that fails it is dropped, and read again when it is next needed.
 * M2. Writes come one after the other, and changes that make no difference cause none.
 * M3. A file that cannot be read as ours is left as it is.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RetryableError } from '../contract/destination.ts'
import { timedOut } from '../contract/transport-error.ts'
import { FIXED_COLUMNS, type Cells, type Change } from './change.ts'
import { csvLines, parseCsv } from './csv.ts'
import { Members } from './members.ts'

/** Some 15 ms of work, for which calls to other destinations wait. */
const RECORDS_PER_WRITE = 5_000

export class MemberFile {
  readonly #path: string
  #members: Members | undefined
  #last: Promise<void> = Promise.resolve()

  /** `path`: a file that nobody else writes. */
  constructor(path: string) {
    this.#path = path
  }

  /** Resolves when the changes are in the file. Rejects with a RetryableError, and then none of them is in it. */
  apply(changes: readonly Change[], signal: AbortSignal): Promise<void> {
    const applied = this.#last.then(() => this.#apply(changes, signal))
    this.#last = applied.catch(() => undefined)
    return applied
  }

  /** Resolves when nothing is being written. */
  settled(): Promise<void> {
    return this.#last
  }

  async #apply(changes: readonly Change[], signal: AbortSignal): Promise<void> {
    const found = this.#members ?? (await onDisk(() => this.#read()))
    const members = found ?? new Members()
    this.#members = undefined
    const isChanged = members.apply(changes)
    if (isChanged || !found) await onDisk(() => this.#write(members, signal))
    this.#members = members
  }

  async #read(): Promise<Members | undefined> {
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw error
    })
    if (text === undefined) return undefined
    const [columns, ...records] = parseCsv(text) ?? []
    if (!FIXED_COLUMNS.every((column, index) => columns?.[index] === column))
      throw new RetryableError('file_damaged', 'The file of the list is not one that was written here.')
    return new Members(records.map((record) => cellsOf(columns!, record)))
  }

  async #write(members: Members, signal: AbortSignal): Promise<void> {
    const next = `${this.#path}.tmp`
    await mkdir(dirname(this.#path), { recursive: true })
    try {
      const file = await open(next, 'w')
      try {
        for (const text of texts(members)) {
          if (signal.aborted) throw timedOut(signal)
          await file.writeFile(text)
        }
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(next, this.#path)
    } catch (error) {
      await rm(next, { force: true }).catch(() => undefined)
      throw error
    }
    await syncDirectory(dirname(this.#path))
  }
}

/** Yields the file in pieces, so that it is never in memory as a whole. */
function* texts(members: Members): Generator<string> {
  const named = new Set<string>()
  for (const cells of members.rows()) for (const column of cells.keys()) named.add(column)
  const columns = [...FIXED_COLUMNS, ...[...named].filter((column) => !FIXED_COLUMNS.includes(column)).sort()]
  let piece = [columns]
  for (const cells of members.rows()) {
    piece.push(columns.map((column) => cells.get(column) ?? ''))
    if (piece.length < RECORDS_PER_WRITE) continue
    yield csvLines(piece)
    piece = []
  }
  yield csvLines(piece)
}

function cellsOf(columns: readonly string[], record: readonly string[]): Cells {
  const cells = columns.map((column, index) => [column, record[index] ?? ''] as const)
  return new Map(cells.filter(([, cell]) => cell !== ''))
}

/** A rename lasts once the directory is on disk. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  await directory.sync().finally(() => directory.close())
}

/** Runs disk work. A disk that is full, or a missing right, may be put right: it is tried again. */
export async function onDisk<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RetryableError) throw error
    throw new RetryableError('disk', 'The file of the list could not be read or written.', { cause: error })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
