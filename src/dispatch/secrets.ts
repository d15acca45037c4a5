/**
 * Encrypts secret settings for the journal and checkpoints: AES-256-GCM under a key of the server's, with a nonce for
 * each. Without the key nobody can read them, or change them unnoticed. Previous keys open what they have sealed, and
 * seal nothing more.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { JsonObject } from '../model/json.ts'

export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

export class Secrets {
  /** The present one first. */
  readonly #keys: readonly [Buffer, ...Buffer[]]

  constructor(key: Buffer, previous: readonly Buffer[] = []) {
    this.#keys = [key, ...previous]
    for (const { length } of this.#keys)
      if (length !== KEY_BYTES) throw new RangeError(`key: expected ${KEY_BYTES} bytes, got ${length}`)
  }

  /** Encrypts settings. @param owner the destination that they belong to: they cannot be opened for another */
  seal(settings: JsonObject, owner: string): string {
    if (Object.keys(settings).length === 0) return ''
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#keys[0], nonce).setAAD(Buffer.from(owner))
    const text = Buffer.concat([cipher.update(JSON.stringify(settings)), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')
  }

  /** Decrypts settings. Throws an Error if they were sealed under a key that is not known, or for another owner. */
  open(sealed: string, owner: string): JsonObject {
    return sealed === '' ? {} : this.#opened(sealed, owner).settings
  }

  /**
   * Returns settings as the present key seals them: the same text if it has sealed them already. Throws an Error if no
   * key opens them.
   */
  reseal(sealed: string, owner: string): string {
    if (sealed === '') return sealed
    const { settings, key } = this.#opened(sealed, owner)
    return key === this.#keys[0] ? sealed : this.seal(settings, owner)
  }

  #opened(sealed: string, owner: string): { readonly settings: JsonObject; readonly key: Buffer } {
    let failure: unknown
    for (const key of this.#keys)
      try {
        return { settings: openBy(key, sealed, owner), key }
      } catch (cause) {
        failure = cause
      }
    throw new Error('sealed settings: no key opens them', { cause: failure })
  }
}

function openBy(key: Buffer, sealed: string, owner: string): JsonObject {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(owner))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  return JSON.parse(text.toString()) as JsonObject
}
