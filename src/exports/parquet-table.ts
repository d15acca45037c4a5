/** The Parquet file of an export: the columns of the formatted CSV, all text, written by groups of rows. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { ExportedMember, ExportRequest } from '../model/export.ts'
import { columnsOf, type IdCounts } from './columns.ts'
import type { SpoolFile } from './spool-file.ts'

/** A group of so many rows takes some milliseconds. */
const GROUP_ROWS = 1_000
/** With large traits it has fewer. */
const GROUP_BYTES = 1024 * 1024

export class ParquetTable {
  readonly #columns: ReturnType<typeof columnsOf>
  readonly #bytes = new ByteWriter()
  readonly #writer: ParquetWriter
  readonly #spool: SpoolFile
  #rows: ExportedMember[] = []
  #rowBytes = 0

  constructor(request: ExportRequest, counts: IdCounts, spool: SpoolFile) {
    this.#spool = spool
    this.#columns = columnsOf(request, counts)
    this.#bytes.finish = () => this.#pass()
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [
        { name: 'root', num_children: this.#columns.length },
        ...this.#columns.map(
          ({ name }) => ({ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }) as const,
        ),
      ],
      createdBy: 'rollcall',
    })
  }

  /** @param bytes about as many as the members take */
  async add(members: readonly ExportedMember[], bytes: number): Promise<void> {
    this.#rows.push(...members)
    this.#rowBytes += bytes
    if (this.#rows.length >= GROUP_ROWS || this.#rowBytes >= GROUP_BYTES) await this.#writeGroup()
  }

  async end(): Promise<void> {
    await this.#writeGroup()
    await this.#writer.finish()
    await this.#spool.flush()
  }

  async #writeGroup(): Promise<void> {
    if (this.#rows.length === 0) return
    const rows = this.#rows
    this.#rows = []
    this.#rowBytes = 0
    const columnData = this.#columns.map(({ name, textOf }) => ({ name, data: rows.map((row) => textOf(row) ?? null) }))
    await this.#writer.write({ columnData, rowGroupSize: rows.length })
    this.#pass()
    await this.#spool.flush()
  }

  /** Passes on what has been written so far; offsets are those of the whole file. */
  #pass(): void {
    this.#spool.add(new Uint8Array(this.#bytes.buffer.slice(0, this.#bytes.index)))
    this.#bytes.index = 0
  }
}
