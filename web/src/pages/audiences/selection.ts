/** The choice of audiences that are shown, and their order. */
import type { AudienceAnswer } from '../../api/answers.ts'
import type { ConnectedByDefinition, ConnectedTo } from './queries.ts'

export type Kind = 'all' | AudienceAnswer['audienceType']
export type Status = 'any' | AudienceAnswer['status']
export type Order = 'size' | 'name' | 'newest'

export interface Selection {
  readonly kind: Kind
  readonly status: Status
  /** `any`, `none`, or the id of a destination. */
  readonly destination: string
  readonly needsAttention: boolean
  readonly text: string
  readonly order: Order
}

export const EVERYTHING: Selection = {
  kind: 'all',
  status: 'any',
  destination: 'any',
  needsAttention: false,
  text: '',
  order: 'size',
}

/** True if calls failed, or changes wait for approval, or a destination cannot be told. */
export function isInNeed(connected: readonly ConnectedTo[] = []): boolean {
  return connected.some(
    ({ failed, held, destination: { status } }) =>
      failed > 0 || held > 0 || status === 'Unreachable' || status === 'Settings missing',
  )
}

export function selected(
  audiences: readonly AudienceAnswer[],
  connected: ConnectedByDefinition,
  selection: Selection,
): readonly AudienceAnswer[] {
  const { kind, status, destination, needsAttention, order } = selection
  const text = selection.text.trim().toLowerCase()
  const shown = audiences.filter(
    (audience) =>
      (kind === 'all' || audience.audienceType === kind) &&
      (status === 'any' || audience.status === status) &&
      isConnected(connected.get(audience.id), destination) &&
      (!needsAttention || isInNeed(connected.get(audience.id))) &&
      (text === '' || hasText(audience, text)),
  )
  return shown.sort(ORDERS[order])
}

const NAMES = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
const byName = (one: AudienceAnswer, other: AudienceAnswer): number => NAMES.compare(one.name, other.name)
const ORDERS: Readonly<Record<Order, (one: AudienceAnswer, other: AudienceAnswer) => number>> = {
  name: byName,
  size: (one, other) => (other.size?.count ?? -1) - (one.size?.count ?? -1) || byName(one, other),
  newest: (one, other) => (one.createdAt < other.createdAt ? 1 : -1),
}

function isConnected(connected: readonly ConnectedTo[] = [], destination: string): boolean {
  if (destination === 'any') return true
  if (destination === 'none') return connected.length === 0
  return connected.some(({ destination: { id } }) => id === destination)
}

function hasText({ name, key, definition }: AudienceAnswer, text: string): boolean {
  return [name, key, definition.query].some((part) => part.toLowerCase().includes(text))
}
