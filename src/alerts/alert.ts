/** Alerts: conditions of a space that somebody should know of. */
import { createHash } from 'node:crypto'
import type { JsonObject } from '../model/json.ts'

export type AlertName = 'audience_size' | 'destination_failing' | 'journal_lag' | 'checkpoint' | 'engine_fault'

/** A condition that holds at some instant. */
export interface Alert {
  readonly name: AlertName
  readonly spaceId: string
  /** The id of the audience or destination that it is about; '' if it is about the space. */
  readonly subject: string
  /** One sentence for people, without a full stop. */
  readonly summary: string
  readonly details: JsonObject
}

/** Tells that a condition has begun to hold, or has ceased to. */
export interface AlertNotice {
  readonly id: string
  readonly state: 'firing' | 'resolved'
  /** As it was last. */
  readonly alert: Alert
  /** When the condition was first seen, epoch ms. */
  readonly since: number
  /** Epoch ms. */
  readonly at: number
}

/** Returns the id of an alert: the same whenever the same thing is at fault, after a restart too. */
export function alertId({ name, spaceId, subject }: Alert): string {
  const text = JSON.stringify([name, spaceId, subject])
  return `alert_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}
