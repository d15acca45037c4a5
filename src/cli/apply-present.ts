/** Reads the present state of a server, as far as a file may name it, from its Control API. */
import { z } from 'zod'
import type { DefinitionKind } from '../model/space-command.ts'
import { askPages, askServer } from './client.ts'
import type { ClientOptions } from '../server/settings.ts'

const Json = z.record(z.string(), z.json())

const Destination = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  metadata: z.object({ slug: z.string(), name: z.string(), kind: z.enum(['event', 'list']) }),
  /** Secrets are masked. */
  settings: Json,
})
export type PresentDestination = z.output<typeof Destination>

const Activation = z.object({
  id: z.string(),
  connectionId: z.string(),
  activationName: z.string(),
  activationType: z.string(),
  enabled: z.boolean(),
  personalization: z.json(),
  destinationMapping: z.looseObject({ actionId: z.string() }).optional(),
})
export type PresentActivation = z.output<typeof Activation>

const Connection = z.object({
  id: z.string(),
  destination: z.object({ id: z.string() }),
  enabled: z.boolean(),
  idSyncConfiguration: z.array(z.json()),
  connectionSettings: Json,
})

export interface PresentConnection extends z.output<typeof Connection> {
  readonly activations: readonly PresentActivation[]
}

const Type = z.enum(['USERS', 'ACCOUNTS'])
const Definition = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  options: Json,
  definition: z.object({ query: z.string(), type: Type.optional() }),
  audienceType: Type.optional(),
})

export interface PresentDefinition extends z.output<typeof Definition> {
  readonly kind: DefinitionKind
  readonly type: z.output<typeof Type>
  /** Empty if they were not asked for. */
  readonly connections: readonly PresentConnection[]
}

export interface Present {
  readonly destinations: readonly PresentDestination[]
  readonly definitions: readonly PresentDefinition[]
}

/** By kind: its path in the API, and the largest page. */
export const COLLECTIONS = {
  audience: { path: 'audiences', many: 'audiences', one: 'audience', pageMax: 200 },
  computed_trait: { path: 'computed-traits', many: 'computedTraits', one: 'computedTrait', pageMax: 1000 },
} as const satisfies Record<DefinitionKind, object>

/**
 * Reads all destinations and definitions, and the connections, with their activations, of those definitions that need
 * them. Throws an EngineError if the server does not answer, or refuses.
 */
export async function readPresent(
  client: ClientOptions,
  isConcerned: (definition: PresentDefinition) => boolean,
): Promise<Present> {
  const all = z.object({ destinations: z.array(Destination) }).parse(await askServer(client, 'GET', 'destinations'))
  const definitions = await readPresentDefinitions(client)
  // Without destinations there are no connections.
  if (all.destinations.length === 0) return { ...all, definitions }
  const connected: PresentDefinition[] = []
  for (const definition of definitions) {
    const connections = isConcerned(definition) ? await readConnections(client, definition) : []
    connected.push({ ...definition, connections })
  }
  return { ...all, definitions: connected }
}

/** Reads all definitions, without their connections. Throws an EngineError likewise. */
export async function readPresentDefinitions(client: ClientOptions): Promise<PresentDefinition[]> {
  return [...(await readDefinitions(client, 'audience')), ...(await readDefinitions(client, 'computed_trait'))]
}

async function readDefinitions(client: ClientOptions, kind: DefinitionKind): Promise<PresentDefinition[]> {
  const { path, many, pageMax } = COLLECTIONS[kind]
  const found: PresentDefinition[] = []
  for await (const page of askPages(client, path, pageMax))
    for (const view of z.object({ [many]: z.array(Definition) }).parse(page)[many]!)
      found.push({ ...view, kind, type: view.audienceType ?? view.definition.type ?? 'USERS', connections: [] })
  return found
}

async function readConnections(client: ClientOptions, { kind, id }: PresentDefinition): Promise<PresentConnection[]> {
  const definition = `${COLLECTIONS[kind].path}/${id}`
  const answer = await askServer(client, 'GET', `${definition}/destination-connections`)
  const { connections } = z.object({ connections: z.array(Connection) }).parse(answer)
  const activations: PresentActivation[] = []
  if (kind === 'audience' && connections.length > 0)
    for await (const page of askPages(client, `${definition}/activations`, 200))
      activations.push(...z.object({ activations: z.array(Activation) }).parse(page).activations)
  return connections.map((connection) => ({
    ...connection,
    activations: activations.filter(({ connectionId }) => connectionId === connection.id),
  }))
}
