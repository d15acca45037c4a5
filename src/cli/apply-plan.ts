/**
 * Plans the steps that bring a server to a file, in order. Pure.
 *
 * O1. A destination is created before its connections, and removed after them.
 * O2. Connections are removed before others are created: a definition has one for each type of destination. So are
 *     activations, which a list has one of for each change; and all of a connection before it.
 * O3. A definition is removed after its readers, and disabled after all removals: the server refuses to take away a
 *     definition that others read.
 * O4. Only what the file does not name is removed: of the lists that it has, and of the connections of its definitions.
 */
import { readConnection } from '../control-api/destination-requests.ts'
import type { ActivationRecord } from '../model/activation.ts'
import type { ConnectionRecord } from '../model/destination.ts'
import type { TypeOfDestination } from '../model/destination-admin.ts'
import { type FileConnection, type FileDefinition, placesOfReading } from './apply-definition.ts'
import {
  activationDifference,
  connectionDifference,
  definitionDifference,
  destinationDifference,
} from './apply-difference.ts'
import type { ApplyFile } from './apply-file.ts'
import {
  COLLECTIONS,
  type Present,
  type PresentConnection,
  type PresentDefinition,
  type PresentDestination,
} from './apply-present.ts'
import {
  activationName,
  connectionName,
  definitionName,
  destinationName,
  isDisabling,
  type Step,
} from './apply-step.ts'
import type { Path, YamlFile } from './yaml-file.ts'

export interface ApplyPlan {
  readonly steps: readonly Step[]
  /** Ids of the things on the server, by the name that steps give them. */
  readonly ids: ReadonlyMap<string, string>
}

export interface PlanOptions {
  /** True if things that the file does not name are removed. */
  readonly prunes: boolean
  readonly sendsSecrets: boolean
}

/** The destination of a connection. */
interface End {
  readonly type: TypeOfDestination
  readonly found: PresentDestination | undefined
}

/** A definition of the file, and the same on the server. */
interface DefinitionPair {
  readonly wanted: FileDefinition
  readonly found: PresentDefinition | undefined
}

/** Plans the steps. Throws an InputError if the file does not fit the server. */
export function planOf(file: ApplyFile, present: Present, { prunes, sendsSecrets }: PlanOptions): ApplyPlan {
  const ends = endsOf(file, present)
  const pairs = file.definitions.map((wanted) => ({
    wanted,
    found: present.definitions.find((one) => isSame(one, wanted)),
  }))
  const gone = prunes ? present.definitions.filter((one) => isUnnamed(one, file)) : []
  const changes = pairs.flatMap(({ wanted, found }) => definitionDifference(wanted, found) ?? [])
  const steps = [
    ...file.destinations.map((one) => destinationDifference(one, ends.get(one.name)!.found, sendsSecrets)),
    ...changes.filter((step) => !isDisabling(step)),
    ...(prunes ? pairs.flatMap((pair) => disconnections(pair.found, pair.wanted, { ends, present })) : []),
    ...gone.flatMap((definition) => disconnections(definition, undefined, { ends, present })),
    ...pairs.flatMap((pair) => connections(pair, ends, file)),
    ...readersFirst(gone, present).map((one) =>
      removal('definition', definitionName(one), `${COLLECTIONS[one.kind].path}/${one.id}`),
    ),
    ...(prunes ? unnamedDestinations(file, present, ends) : []),
    ...changes.filter(isDisabling),
  ].filter((step) => step !== undefined)
  const ids = new Map<string, string>()
  for (const [name, { found }] of ends) if (found) ids.set(destinationName(name), found.id)
  for (const { found } of pairs) if (found) ids.set(definitionName(found), found.id)
  return { steps, ids }
}

/** True if the file leaves a definition out, though it has a list for it. */
export function isUnnamed(one: PresentDefinition, { definitions, lists }: ApplyFile): boolean {
  return lists.has(one.kind) && !definitions.some((wanted) => isSame(one, wanted))
}

export function isSame(one: PresentDefinition, { kind, record: { source } }: FileDefinition): boolean {
  return one.kind === kind && one.type === source.type && one.key === source.key
}

/** Finds destinations by name: those that the file describes, and those that it only connects. */
function endsOf({ destinations, definitions, file }: ApplyFile, present: Present): ReadonlyMap<string, End> {
  const ends = new Map<string, End>()
  const find = (name: string, path: Path): PresentDestination | undefined => {
    const [found, another] = present.destinations.filter((one) => one.name === name)
    if (another) throw file.fault(path, `${path.join('.')}: the server has several destinations of the name '${name}'`)
    return found
  }
  for (const { name, type, path } of destinations) {
    const found = find(name, [...path, 'name'])
    const at = [...path, 'type']
    if (found && found.metadata.slug !== type.slug)
      throw file.fault(at, `${at.join('.')}: expected ${found.metadata.slug}, as it is there, for good`)
    ends.set(name, { type, found })
  }
  for (const { destination, path } of definitions.flatMap(({ connections }) => connections)) {
    if (ends.has(destination)) continue
    const at = [...path, 'destination']
    const found = find(destination, at)
    if (!found)
      throw file.fault(at, `${at.join('.')}: neither the file nor the server has a destination '${destination}'`)
    ends.set(destination, { type: found.metadata, found })
  }
  return ends
}

function connections(
  { wanted, found }: DefinitionPair,
  ends: ReadonlyMap<string, End>,
  { file }: ApplyFile,
): (Step | undefined)[] {
  const byType = new Map<string, FileConnection>()
  return wanted.connections.flatMap((connection) => {
    const { destination, body, path } = connection
    const { type, found: end } = ends.get(destination)!
    const at = [...path, 'destination']
    const other = byType.get(type.slug)
    if (other) throw file.fault(at, `${at.join('.')}: '${other.destination}' is of type ${type.slug} too; one may be`)
    byType.set(type.slug, connection)
    const record = file.check(
      path,
      () => readConnection({ ...body, destination: { id: destination } }, wanted.record, { find: () => type, now: 0 }),
      (field) => (field === 'destination.id' ? ['destination'] : field.split('.')),
    )
    checkNames(record.activations ?? [], path, file)
    const known = found?.connections.find((one) => one.destination.id === end?.id)
    const step = connectionDifference(record, body, { definition: found, found: known })
    return found && known ? [step, ...activations(connection, record, { definition: found, found: known }, file)] : step
  })
}

/** Throws an InputError if two activations of a connection have the same name. */
function checkNames(activations: readonly ActivationRecord[], path: Path, file: YamlFile): void {
  for (const [index, { name }] of activations.entries()) {
    if (activations.findIndex((one) => one.name === name) === index) continue
    const at = [...path, 'activations', index, 'activationName']
    throw file.fault(at, `${at.join('.')}: another activation has the name '${name}'`)
  }
}

/** Plans the activations of a connection that the server has; those of a new one are made with it. */
function activations(
  { destination, body, path }: FileConnection,
  { activations: wanted = [] }: ConnectionRecord,
  { definition, found }: { readonly definition: PresentDefinition; readonly found: PresentConnection },
  file: YamlFile,
): (Step | undefined)[] {
  const given = (body['activations'] ?? []) as readonly Readonly<Record<string, unknown>>[]
  const connection = connectionName(definition, destination)
  return wanted.map((record, index) => {
    const at = [...path, 'activations', index]
    const fault = (field: string, message: string) => {
      const place = [...at, field]
      return file.fault(place, `${place.join('.')}: ${message}`)
    }
    const [known, another] = found.activations.filter(({ activationName: name }) => name === record.name)
    if (another) throw fault('activationName', `the server has several activations of the name '${record.name}'`)
    if (known && known.activationType !== record.type)
      throw fault('activationType', `expected ${known.activationType}, as it is there, for good`)
    return activationDifference(record, given[index]!, {
      definition: `${COLLECTIONS[definition.kind].path}/${definition.id}`,
      connection,
      connectionId: found.id,
      found: known,
    })
  })
}

/** Plans the removal of a definition's connections, and of their activations, that the file does not name. */
function disconnections(
  definition: PresentDefinition | undefined,
  wanted: FileDefinition | undefined,
  { ends, present }: { readonly ends: ReadonlyMap<string, End>; readonly present: Present },
): Step[] {
  if (!definition) return []
  const kept = new Set(wanted?.connections.map(({ destination }) => ends.get(destination)?.found?.id))
  const path = `${COLLECTIONS[definition.kind].path}/${definition.id}`
  return definition.connections.flatMap(({ id, destination, activations: made }) => {
    const title = present.destinations.find((one) => one.id === destination.id)?.name ?? destination.id
    const name = connectionName(definition, title)
    const isKept = kept.has(destination.id)
    const named = isKept ? namedIn(wanted, title) : []
    const gone = made.filter((one) => named && !named.includes(one.activationName))
    return [
      ...gone.map((one) =>
        removal('activation', activationName(name, one.activationName), `${path}/activations/${one.id}`),
      ),
      ...(isKept ? [] : [removal('connection', name, `${path}/destination-connections/${id}`)]),
    ]
  })
}

/** Lists the names of the activations of a connection in the file; undefined if it says nothing about them. */
function namedIn(wanted: FileDefinition | undefined, destination: string): string[] | undefined {
  const given = wanted?.connections.find((one) => one.destination === destination)?.body['activations']
  return Array.isArray(given) ? given.map((one: { activationName: string }) => one.activationName.trim()) : undefined
}

/** Returns what is to go so that each comes before what it reads; what is disabled reads nothing. Keeps O3. */
function readersFirst(gone: readonly PresentDefinition[], { definitions }: Present): PresentDefinition[] {
  if (gone.length === 0) return []
  const enabled = definitions.filter((one) => one.enabled)
  const order = placesOfReading(
    enabled.map(({ kind, type, key, definition: { query } }) => ({ kind, type, key, query })),
  )
  const last = order.reverse().map((index) => enabled[index]!)
  return [...gone.filter((one) => !one.enabled), ...last.filter((one) => gone.includes(one))]
}

function unnamedDestinations({ lists }: ApplyFile, present: Present, ends: ReadonlyMap<string, End>): Step[] {
  if (!lists.has('destinations')) return []
  const named = new Set(Array.from(ends.values(), ({ found }) => found?.id))
  return present.destinations
    .filter(({ id }) => !named.has(id))
    .map(({ id, name }) => removal('destination', destinationName(name), `destinations/${id}`))
}

function removal(kind: Step['kind'], name: string, path: string): Step {
  return { sign: '-', kind, name, fields: [], path }
}
