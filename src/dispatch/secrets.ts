/**
 * Encrypts secret settings for the journal and checkpoints: AES-256-GCM under a key of the server's, with a nonce for
 * each. Without the key nobody can read them, or change them unnoticed.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { JsonObject } from '../model/json.ts'

export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

export class Secrets {
  readonly #key: Buffer

  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new RangeError(`key: expected ${KEY_BYTES} bytes, got ${key.length}`)
    this.#key = key
  }

  /** Encrypts settings. @param owner the destination that they belong to: they cannot be opened for another */
  seal(settings: JsonObject, owner: string): string {
    if (Object.keys(settings).length === 0) return ''
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(owner))
    const text = Buffer.concat([cipher.update(JSON.stringify(settings)), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')
  }

  /** Decrypts settings. Throws an Error if they were sealed under another key, or for another owner. */
  open(sealed: string, owner: string): JsonObject {
    if (sealed === '') return {}
    const bytes = Buffer.from(sealed, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(owner))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
    return JSON.parse(text.toString()) as JsonObject
  }
}
