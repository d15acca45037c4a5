/** Names by which a profile is shown: of its traits, else of its ids. They stand in the page, never in its address. */
import type { ExternalId } from '../../api/answers.ts'

/** The first of these types that a profile has is its best id. */
const BEST_TYPES = ['email', 'user_id', 'group_id', 'phone', 'anonymous_id']

type Named = Readonly<Record<string, { readonly value: unknown }>>

export function bestId(ids: readonly ExternalId[]): ExternalId | undefined {
  for (const type of BEST_TYPES) {
    const id = ids.find((each) => each.type === type)
    if (id) return id
  }
  return ids[0]
}

/** The traits that give a name. */
export const NAME_TRAITS = [
  'name',
  'full_name',
  'fullName',
  'display_name',
  'first_name',
  'firstName',
  'firstname',
  'last_name',
  'lastName',
  'lastname',
]

/** The name of a person or an account by its traits; undefined if they have none. */
export function nameOf(traits: Named): string | undefined {
  const text = (...keys: string[]): string =>
    keys.map((key) => traits[key]?.value).find((value) => typeof value === 'string' && value.trim() !== '') as string
  const whole = text('name', 'full_name', 'fullName', 'display_name')
  if (whole) return whole
  const parts = [text('first_name', 'firstName', 'firstname'), text('last_name', 'lastName', 'lastname')]
  return parts.filter(Boolean).join(' ') || undefined
}

/** `MH` of `Mira Holt`; `M` of `mira@holt.example`. */
export function initialsOf(name: string): string {
  const words = name.replace(/@.*/, '').split(/[\s._-]+/)
  const lettered = words.flatMap((word) => /\p{L}/u.exec(word)?.[0] ?? [])
  const letters = lettered.length > 0 ? lettered : words.flatMap((word) => /\p{N}/u.exec(word)?.[0] ?? [])
  return [letters[0], letters.length > 1 ? letters.at(-1) : undefined].join('').toUpperCase()
}

/** A few properties in a row: `product_id p9, price 180.37`. */
export function summaryOf(properties: Readonly<Record<string, unknown>>, most = 3): string {
  return Object.entries(properties)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, most)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ')
}
