/** The data directory: held by one server at a time, with the credentials that were made for it. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { EngineError } from '../model/errors.ts'

const Stored = z.object({ spaceId: z.string(), writeKey: z.string(), accessToken: z.string() })

export type StoredCredentials = z.infer<typeof Stored>

/**
 * Holds the directory until this process ends, however it ends: the kernel closes a socket's listener with it. Throws
 * an EngineError if another process holds it.
 */
export async function holdDataDirectory(path: string): Promise<{ release: () => Promise<void> }> {
  const directory = resolve(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const address = join(directory, 'rollcall.sock')
  const server = createServer((socket) => socket.destroy())
  if (!(await listens(server, address))) {
    if (await answers(address))
      throw new EngineError('data_directory_in_use', `DATA_DIR: another server runs in ${directory}`, 'DATA_DIR')
    await rm(address, { force: true })
    if (!(await listens(server, address)))
      throw new EngineError('data_directory_in_use', `DATA_DIR: cannot hold ${directory}`, 'DATA_DIR')
  }
  server.unref()
  return {
    release: async () => {
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** Returns the credentials of an earlier start, or makes them: `isNew` then. */
export async function credentialsOf(
  directory: string,
  spaceId: string,
): Promise<StoredCredentials & { readonly isNew: boolean }> {
  const path = join(resolve(directory), 'credentials.json')
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text !== undefined) return { ...Stored.parse(JSON.parse(text)), isNew: false }
  const made = { spaceId, writeKey: newSecret(), accessToken: newSecret() }
  await writeFile(path, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  return { ...made, isNew: true }
}

function newSecret(): string {
  return randomBytes(24).toString('base64url')
}

async function listens(server: Server, address: string): Promise<boolean> {
  try {
    server.listen(address)
    await once(server, 'listening')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    throw error
  }
}

async function answers(address: string): Promise<boolean> {
  const socket = connect(address)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
