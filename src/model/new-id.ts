/** Keys and ids of new definitions. */
import { randomBytes } from 'node:crypto'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_LENGTH = 27
/** Where the seconds of an id are counted from: the epoch of ksuids, 2014-05-13T16:53:20Z. */
const ID_EPOCH_MS = 1_400_000_000_000

/** The name in snake_case, in letters and digits of ASCII; '' where none are left. `Most Viewed` → `most_viewed`. */
export function keyOfName(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')
}

/** A new id: 32 bits of seconds, then 128 of chance, in 27 digits of base 62; so ids sort by time. */
export function newId(prefix: 'aud' | 'tra' | 'tok' | 'dst' | 'con', now: number): string {
  const seconds = BigInt(Math.max(0, Math.floor((now - ID_EPOCH_MS) / 1000)))
  let rest = (seconds << 128n) | BigInt(`0x${randomBytes(16).toString('hex')}`)
  let text = ''
  for (let place = 0; place < ID_LENGTH; place++, rest /= 62n) text = DIGITS[Number(rest % 62n)]! + text
  return `${prefix}_${text}`
}
