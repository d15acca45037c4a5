/**
 * The keys of destinations' secrets: those that the environment gives, or one in a file of the data directory, which
 * must be held.
 *
 * Y1. The file of a key is there whole or not at all.
 * Y2. Until a rotation has ended, the former key is in a file beside the new one: a process that is killed in between
 *     leaves both.
 */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { KEY_BYTES, Secrets } from '../dispatch/secrets.ts'
import { EngineError } from '../model/errors.ts'

export interface SecretsSettings {
  readonly dataDirectory: string
  /** In base64; undefined: the key in the data directory, which is made if there is none. */
  readonly key: string | undefined
  /** In base64: keys of before. */
  readonly previous: readonly string[]
}

/** Returns the secrets of an installation. Throws an EngineError that names the setting or the file at fault. */
export async function openSecrets({
  dataDirectory,
  key,
  previous,
}: SecretsSettings): Promise<{ readonly secrets: Secrets; readonly isRotating: boolean }> {
  const older = previous.map((one) => keyFrom(one, 'SECRETS_KEY_PREVIOUS', 'each '))
  if (key !== undefined) return { secrets: new Secrets(keyFrom(key, 'SECRETS_KEY'), older), isRotating: false }
  const { present, former } = filesIn(dataDirectory)
  const kept = (await readKey(present)) ?? (await writeKey(present, randomBytes(KEY_BYTES)))
  const replaced = await readKey(former)
  return {
    secrets: new Secrets(kept, replaced ? [replaced, ...older] : older),
    isRotating: replaced !== undefined,
  }
}

/**
 * Puts a new key into the place of the present one, which stays beside it; goes on with a rotation that has not ended.
 * Throws an EngineError if there is no key. Keeps Y2.
 */
export async function beginRotation(dataDirectory: string): Promise<{ readonly isResumed: boolean }> {
  const { present, former } = filesIn(dataDirectory)
  const key = await readKey(present)
  if (!key) throw new EngineError('not_found', `SECRETS_KEY: there is no key in ${present}; a server makes one`)
  const replaced = await readKey(former)
  if (replaced && !replaced.equals(key)) return { isResumed: true }
  await writeKey(former, key)
  await writeKey(present, randomBytes(KEY_BYTES))
  return { isResumed: false }
}

/** Removes the former key, which nothing may need any more; resolves with it, in base64. */
export async function endRotation(dataDirectory: string): Promise<string> {
  const { former } = filesIn(dataDirectory)
  const key = await readFile(former, 'utf8')
  await rm(former)
  return key
}

function filesIn(dataDirectory: string): { readonly present: string; readonly former: string } {
  const directory = resolve(dataDirectory)
  return { present: join(directory, 'secrets.key'), former: join(directory, 'secrets.key.former') }
}

function keyFrom(text: string, where: string, each = ''): Buffer {
  const key = Buffer.from(text, 'base64')
  if (key.length === KEY_BYTES) return key
  const message = `${where}: expected ${each}${KEY_BYTES} bytes in base64, got ${key.length} bytes`
  throw new EngineError('validation_error', message, where)
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    return keyFrom(await readFile(path, 'utf8'), path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** Keeps Y1, through a loss of power too. */
async function writeKey(path: string, key: Buffer): Promise<Buffer> {
  const file = await open(`${path}.new`, 'w', 0o600)
  await file.writeFile(key.toString('base64'))
  await file.sync()
  await file.close()
  await rename(`${path}.new`, path)
  const directory = await open(dirname(path), 'r')
  await directory.sync()
  await directory.close()
  return key
}
