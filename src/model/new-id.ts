/** Keys and ids of new definitions. */
import { randomBytes } from 'node:crypto'
import { ksuid } from './ksuid.ts'

/** Returns a name in snake_case, in letters and digits of ASCII; '' if none are left. `Most Viewed` → `most_viewed`. */
export function keyOfName(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')
}

/** Returns a new id: a ksuid of chance after the prefix. So ids of one kind sort by time. */
export function newId(
  prefix: 'aud' | 'tra' | 'tok' | 'dst' | 'con' | 'pre' | 'exp' | 'reg' | 'src' | 'act' | 'prp',
  now: number,
): string {
  return `${prefix}_${ksuid(now, randomBytes(16).toString('hex'))}`
}
