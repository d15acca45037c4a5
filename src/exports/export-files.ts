/** The files of one export: the members as lines of JSON first, and the file that was asked for made from these. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExportedMember, ExportRequest } from '../model/export.ts'
import { csvTable } from './csv-table.ts'
import { ParquetTable } from './parquet-table.ts'
import { linesOf, SpoolFile } from './spool-file.ts'

export interface ExportFilesOptions {
  readonly request: ExportRequest
  readonly id: string
  /** Called before bytes are written; it may throw. */
  readonly take: (bytes: number) => void
  readonly giveBack: (bytes: number) => void
}

export class ExportFiles {
  readonly #options: ExportFilesOptions
  /** By type of id: the most that a member has. */
  readonly #idCounts = new Map<string, number>()
  #lines: SpoolFile | undefined
  #directory = ''
  #bytes = 0
  #members = 0

  constructor(options: ExportFilesOptions) {
    this.#options = options
  }

  get members(): number {
    return this.#members
  }

  /** The name of the file that was asked for. */
  get name(): string {
    return this.#options.request.format === 'ndjson' ? this.#linesName : this.#options.id
  }

  /** Begins, in a folder. */
  async open(directory: string): Promise<void> {
    this.#directory = directory
    this.#lines = await SpoolFile.create(this.#path(this.#linesName), (bytes) => this.#grow(bytes))
  }

  /** Adds a member. */
  add(member: ExportedMember): void {
    this.#members++
    const counts = new Map<string, number>()
    for (const { type } of member.externalIds) counts.set(type, (counts.get(type) ?? 0) + 1)
    for (const [type, count] of counts) if (count > (this.#idCounts.get(type) ?? 0)) this.#idCounts.set(type, count)
    this.#lines!.add(Buffer.from(`${lineOf(member)}\n`))
  }

  /** Writes what has gathered. */
  async flush(): Promise<void> {
    if (this.#lines?.isFull) await this.#lines.flush()
  }

  /** Makes the file that was asked for, once all members have been added. */
  async finish(signal: AbortSignal): Promise<void> {
    await this.#lines!.flush()
    await this.#lines!.close()
    this.#lines = undefined
    if (this.#options.request.format === 'ndjson') return
    const before = this.#bytes
    const spool = await SpoolFile.create(this.#path(this.name), (bytes) => this.#grow(bytes))
    try {
      await (this.#options.request.format === 'parquet'
        ? this.#writeParquet(spool, signal)
        : this.#writeCsv(spool, signal))
    } finally {
      await spool.close()
    }
    await rm(this.#path(this.#linesName))
    this.#options.giveBack(before)
    this.#bytes -= before
  }

  /** Removes all files. */
  async remove(): Promise<void> {
    this.#options.giveBack(this.#bytes)
    this.#bytes = 0
    if (this.#directory === '') return
    await this.#lines?.close()
    this.#lines = undefined
    await rm(this.#path(this.#linesName), { force: true })
    await rm(this.#path(this.#options.id), { force: true })
  }

  async #writeCsv(spool: SpoolFile, signal: AbortSignal): Promise<void> {
    const table = csvTable(this.#options.request, this.#idCounts)
    spool.add(Buffer.from(table.head))
    for await (const lines of linesOf(this.#path(this.#linesName))) {
      signal.throwIfAborted()
      spool.add(Buffer.from(table.rowsOf(lines.map(memberOf))))
      if (spool.isFull) await spool.flush()
    }
    await spool.flush()
  }

  async #writeParquet(spool: SpoolFile, signal: AbortSignal): Promise<void> {
    const table = new ParquetTable(this.#options.request, this.#idCounts, spool)
    for await (const lines of linesOf(this.#path(this.#linesName))) {
      signal.throwIfAborted()
      await table.add(
        lines.map(memberOf),
        lines.reduce((sum, { length }) => sum + length, 0),
      )
    }
    await table.end()
  }

  get #linesName(): string {
    return `${this.#options.id}.ndjson`
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }

  #grow(bytes: number): void {
    this.#options.take(bytes)
    this.#bytes += bytes
  }
}

/** Some readers take these two for ends of lines. */
const SEPARATORS = /[\u2028\u2029]/g

function lineOf(member: ExportedMember): string {
  const text = JSON.stringify(member)
  return text.replace(SEPARATORS, (separator) => (separator === '\u2028' ? '\\u2028' : '\\u2029'))
}

function memberOf(line: string): ExportedMember {
  return JSON.parse(line) as ExportedMember
}
