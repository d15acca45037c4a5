/** Settings of a space: how much it keeps. What it does not choose is as the server has it for all spaces. */
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { RETENTION_SETTINGS, type Retention, type RetentionSetting } from '../model/retention.ts'
import { readJson } from './body.ts'
import { fields, parsed } from './fields.ts'

export interface SettingsApi {
  /** Returns the bounds that hold. */
  present(): Retention
  /** Returns those that the space has chosen. */
  chosen(): Partial<Retention>
  /** Resolves when a choice is durable and applied; it takes the place of the one before. */
  choose(chosen: Partial<Retention>, response: Response): Promise<void>
}

export interface SettingsApiOptions {
  readonly settings: SettingsApi
}

const NAMES = Object.keys(RETENTION_SETTINGS) as RetentionSetting[]

function boundOf(name: RetentionSetting) {
  const { max } = RETENTION_SETTINGS[name]
  const message = `expected a whole number from 1 to ${max}, or null`
  return z.number(message).int(message).min(1, message).max(max, message).nullable().optional()
}

/** The body of a change, for the description of the API. */
export const SETTINGS = fields({
  historyDays: boundOf('historyDays'),
  historyEventsMax: boundOf('historyEventsMax'),
  anonymousDays: boundOf('anonymousDays'),
  profilesMax: boundOf('profilesMax'),
})

/** Makes the routes; they must be mounted behind the check of the access token. */
export function settingsRouter({ settings }: SettingsApiOptions): Router {
  const router = Router({ caseSensitive: true })
  const path = '/spaces/:spaceId/settings'
  router.get(path, (_request, response) => {
    response.json({ data: { settings: settingsView(settings) } })
  })
  router.patch(path, readJson(), async ({ body }: Request, response: Response) => {
    await settings.choose(changed(settings.chosen(), parsed(SETTINGS, body)), response)
    response.json({ data: { settings: settingsView(settings) } })
  })
  return router
}

/** Null gives a choice up. */
function changed(chosen: Partial<Retention>, given: z.output<typeof SETTINGS>): Partial<Retention> {
  const after = new Map(Object.entries(chosen))
  for (const name of NAMES) {
    const { of, unit } = RETENTION_SETTINGS[name]
    const value = given[name]
    if (value === null) after.delete(of)
    else if (value !== undefined) after.set(of, value * unit)
  }
  return Object.fromEntries(after)
}

function settingsView(settings: SettingsApi): object {
  const [present, chosen] = [settings.present(), settings.chosen()]
  const shown = NAMES.map((name) => {
    const { of, unit } = RETENTION_SETTINGS[name]
    return [name, present[of] === Infinity ? null : present[of] / unit] as const
  })
  return {
    ...Object.fromEntries(shown),
    chosen: NAMES.filter((name) => chosen[RETENTION_SETTINGS[name].of] !== undefined),
  }
}
