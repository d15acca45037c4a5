/** `rollcall backup`: writes a backup of a space of a running server to a file. */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { formatInstant } from '../model/time.ts'
import type { ClientOptions } from '../server/settings.ts'
import { askFile } from './client.ts'
import { checkBackup } from './backup-file.ts'
import { startProgress } from './progress.ts'

/**
 * Resolves when the file is whole and was read back; until then it is `FILE.partial`. Throws an EngineError if the
 * server refuses, breaks off, or sends what is damaged.
 */
export async function backUp(path: string, client: ClientOptions, write: (line: string) => void): Promise<void> {
  const partial = `${path}.partial`
  const response = await askFile(client, 'backup')
  const bar = startProgress('backup', Number(response.headers.get('content-length')))
  try {
    const body = Readable.from(
      counted(response.body as unknown as AsyncIterable<Uint8Array>, (bytes) => bar?.increment(bytes)),
    )
    await pipeline(body, createWriteStream(partial, { mode: 0o600 }))
    const { spaceId, asOf, parts } = (await checkBackup(partial)).header
    await rename(partial, path)
    write(`space ${spaceId} as of ${formatInstant(asOf)}: ${parts} parts\n`)
  } catch (cause) {
    await rm(partial, { force: true })
    throw cause
  } finally {
    bar?.stop()
  }
}

async function* counted(chunks: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count(chunk.byteLength)
    yield chunk
  }
}
