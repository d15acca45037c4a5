/**
 * Which alerts hold, from one look to the next.
 *
 * A1. A condition fires once it has held at two looks in a row: a moment's load is no alert.
 * A2. It is told of once when it fires, and once when it is resolved, under one id.
 * A3. Of a space that has failed, only the failure is known: its other alerts stay as they are.
 */
import { type Alert, alertId, type AlertNotice } from './alert.ts'
import type { SpaceHealth } from './health.ts'
import { type AlertLimits, alertsOf } from './rules.ts'

interface Held {
  alert: Alert
  readonly since: number
  isFiring: boolean
}

export class AlertStates {
  readonly #limits: AlertLimits
  /** By id. */
  readonly #held = new Map<string, Held>()

  constructor(limits: AlertLimits) {
    this.#limits = limits
  }

  /**
   * Compares the health of all spaces with the last look. Returns what has begun and what has ended.
   * @param at epoch ms
   */
  look(spaces: readonly SpaceHealth[], at: number): AlertNotice[] {
    const alerts = spaces.flatMap((space) => alertsOf(space, this.#limits, at))
    const present = new Map(alerts.map((alert) => [alertId(alert), alert]))
    const failed = new Set(spaces.filter(({ running }) => !running).map(({ spaceId }) => spaceId))
    return [...this.#end(present, failed, at), ...this.#begin(present, at)]
  }

  /** Keeps A3. */
  #end(present: ReadonlyMap<string, Alert>, failed: ReadonlySet<string>, at: number): AlertNotice[] {
    const ended = [...this.#held].filter(([id, { alert }]) => {
      const isUnknown = failed.has(alert.spaceId) && alert.name !== 'engine_fault'
      return !present.has(id) && !isUnknown
    })
    for (const [id] of ended) this.#held.delete(id)
    return ended.flatMap(([id, { alert, since, isFiring }]) =>
      isFiring ? [{ id, state: 'resolved', alert, since, at } as const] : [],
    )
  }

  /** Keeps A1 and A2. */
  #begin(present: ReadonlyMap<string, Alert>, at: number): AlertNotice[] {
    const notices: AlertNotice[] = []
    for (const [id, alert] of present) {
      const held = this.#held.get(id)
      if (!held) {
        this.#held.set(id, { alert, since: at, isFiring: false })
        continue
      }
      held.alert = alert
      if (held.isFiring) continue
      held.isFiring = true
      notices.push({ id, state: 'firing', alert, since: held.since, at })
    }
    return notices
  }
}
