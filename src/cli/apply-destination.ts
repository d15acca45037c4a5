/** A destination as a file has it, checked as if it were new, but for secrets: these may be left out. */
import { z } from 'zod'
import type { DestinationType } from '../../destinations/contract/destination.ts'
import { destinationType, refusalOfType } from '../../destinations/registry.ts'
import { readDestination } from '../control-api/destination-requests.ts'
import { MASK } from '../model/destination-admin.ts'
import type { JsonObject } from '../model/json.ts'
import { filledFrom, type Variable } from './apply-environment.ts'
import type { Path, YamlFile } from './yaml-file.ts'

export interface FileDestination {
  readonly path: Path
  readonly name: string
  readonly type: DestinationType
  /** Undefined if the file says nothing. */
  readonly enabled: boolean | undefined
  /** Null removes a setting. A masked secret counts as left out. */
  readonly settings: JsonObject
  /** Secrets that it has elsewhere: it is made disabled, and whoever gives them enables it. */
  readonly missing: readonly string[]
}

const Entry = z.strictObject({
  name: z.string(),
  type: z.string(),
  enabled: z.boolean().optional(),
  settings: z.unknown().optional(),
})

/** Reads a destination of a file. Throws an InputError that names file and line. */
export function readFileDestination(entry: unknown, path: Path, file: YamlFile, variable: Variable): FileDestination {
  const { settings: template, ...rest } = file.parse(Entry, entry, path)
  const type = destinationType(rest.type)
  if (!type) throw file.fault([...path, 'type'], `${path.join('.')}.type: ${refusalOfType(rest.type)}`)
  const settings = filledFrom(variable, template, [...path, 'settings'], file.fault)
  const { name, given } = file.check(path, () =>
    readDestination({ ...rest, ...(settings !== undefined && { settings }) }, 0),
  )
  const isLeftOut = ([key, value]: [string, unknown]) => value === MASK && type.secrets.includes(key)
  const kept: JsonObject = Object.fromEntries(Object.entries(given).filter((setting) => !isLeftOut(setting)))
  checkSettings(type, kept, [...path, 'settings'], file)
  return { path, name, type, enabled: rest.enabled, settings: kept, missing: [] }
}

function checkSettings(type: DestinationType, settings: JsonObject, path: Path, file: YamlFile): void {
  const present = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null))
  const result = type.settings.safeParse(present)
  const isOfSecretLeftOut = ([name]: Path) => type.secrets.some((secret) => secret === name && !(secret in present))
  const issues = (result.error?.issues ?? []).filter((issue) => !isOfSecretLeftOut(issue.path))
  if (issues.length > 0) file.parse(type.settings, present, path)
}
