/**
 * Masks secrets in what is shown of a destination: wherever one occurs, as it is, encoded for a URL, a form or JSON, or
 * within base64, and all of a header that authorizes. A secret that went into a hash or a signature is not seen.
 */
import { MASK } from '../../src/model/destination-admin.ts'
import type { RehearsedRequest } from '../../src/model/destination-question.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'

/** Shorter ones are masked where they are a whole value: anywhere else, they would be parts of common words. */
const PART_LENGTH_MIN = 4
const AUTHORIZING = /^(proxy-)?authorization$|cookie|api-?key|(access|auth|developer)-?token|^token$|secret|password/i
/** Words of a secret that are so long may be secrets of their own. */
const WORD_LENGTH_MIN = 8
/** Text that may be base64, of the URL's alphabet or not. */
const BASE64 = /[A-Za-z0-9+/_-]{8,}={0,2}/g

export class Masking {
  readonly #wholes: ReadonlySet<string>
  /** The longest first: one may be a part of another. */
  readonly #parts: readonly string[]

  /** @param secrets values of secret settings; texts and numbers within them count */
  constructor(secrets: JsonValue) {
    const words = [...new Set(wordsIn(secrets))].filter((word) => word !== '')
    this.#wholes = new Set(words)
    const variants = words.filter(({ length }) => length >= PART_LENGTH_MIN).flatMap(variantsOf)
    this.#parts = [...new Set(variants)].sort((one, other) => other.length - one.length)
  }

  requests(requests: readonly RehearsedRequest[]): RehearsedRequest[] {
    return requests.map(({ method, url, headers, body }) => ({
      method,
      url: this.text(url),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, this.#header(name, value)])),
      ...(body !== undefined && { body: this.json(body) }),
    }))
  }

  json(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'number') return this.#wholes.has(String(value)) ? MASK : value
    if (Array.isArray(value)) return value.map((entry) => this.json(entry))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [this.text(key), this.json(held)]))
  }

  text(text: string): string {
    if (this.#wholes.has(text)) return MASK
    let shown = text
    for (const part of this.#parts) shown = shown.split(part).join(MASK)
    return shown.replaceAll(BASE64, (encoded) =>
      this.#isIn(Buffer.from(encoded, 'base64').toString()) ? MASK : encoded,
    )
  }

  /** Leaves the scheme of an authorization. */
  #header(name: string, value: string): string {
    if (!AUTHORIZING.test(name)) return this.text(value)
    const scheme = /authorization/i.test(name) ? /^[A-Za-z][\w-]* (?=\S)/.exec(value)?.[0] : undefined
    return `${scheme ?? ''}${MASK}`
  }

  #isIn(text: string): boolean {
    return this.#parts.some((part) => text.includes(part))
  }
}

/** Returns the settings that are secret. */
export function secretsIn(settings: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => names.includes(name)))
}

function wordsIn(value: JsonValue): string[] {
  if (typeof value === 'string') return [value, ...value.split(/\s+/).filter(({ length }) => length >= WORD_LENGTH_MIN)]
  if (typeof value === 'number') return [String(value)]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(wordsIn) : []
}

function variantsOf(word: string): string[] {
  const form = new URLSearchParams([['', word]]).toString().slice(1)
  return [word, form, encodeURIComponent(word), encodeURI(word), JSON.stringify(word).slice(1, -1)]
}
