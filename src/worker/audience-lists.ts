/** The lists of audiences at destinations that create them: found, created once, and named in the calls. */
import type { NamedAudience } from '../../destinations/contract/destination.ts'
import type { DeliveryCall } from '../model/delivery-call.ts'
import type { Outcome } from '../queue/job.ts'
import { attempt, type AttemptOptions, outcomeOfError } from './attempt.ts'

/** Ids of lists, by destination and audience; they outlive the process. */
export interface ListStore {
  get(field: string): Promise<string | null>
  set(field: string, list: string): Promise<unknown>
}

export class AudienceLists {
  readonly #store: ListStore
  readonly #lists = new Map<string, Promise<string>>()

  constructor(store: ListStore) {
    this.#store = store
  }

  /** Tries the items whose lists are there or can be created; the others fail by what keeps their lists from it. */
  async attempt(
    items: readonly (readonly DeliveryCall[])[],
    destinationId: string,
    options: AttemptOptions,
  ): Promise<Outcome[]> {
    const named: (readonly DeliveryCall[])[] = []
    const outcomes: (Outcome | undefined)[] = []
    for (const calls of items)
      try {
        const list = calls[0] && (await this.#listOf(destinationId, audienceOf(calls[0]), options))
        named.push(list === undefined ? calls : calls.map((call) => withList(call, list)))
        outcomes.push(undefined)
      } catch (error) {
        outcomes.push(outcomeOfError(error, options.onFault))
      }
    const tried = (await attempt(named, options)).values()
    return outcomes.map((outcome) => outcome ?? tried.next().value!)
  }

  /** Finds an audience's list; undefined if none has been created. */
  async known(destinationId: string, audienceKey: string): Promise<string | undefined> {
    return (await this.#store.get(fieldOf(destinationId, audienceKey))) ?? undefined
  }

  /** Finds an audience's list, or creates it: once, however many jobs ask. */
  #listOf(destinationId: string, audience: NamedAudience, options: AttemptOptions): Promise<string> {
    const field = fieldOf(destinationId, audience.key)
    const known = this.#lists.get(field)
    if (known) return known
    const finding = this.#find(field, audience, options)
    this.#lists.set(field, finding)
    // It is looked for again with the next job.
    finding.catch(() => this.#lists.delete(field))
    return finding
  }

  async #find(field: string, audience: NamedAudience, { destination, limits }: AttemptOptions): Promise<string> {
    const known = await this.#store.get(field)
    const bound = (): AbortSignal => AbortSignal.timeout(limits.timeoutMs)
    if (known !== null && (await destination.hasAudience?.(known, bound())) !== false) return known
    const created = await destination.createAudience!(audience, bound())
    await this.#store.set(field, created)
    return created
  }
}

function audienceOf({ context: { personas } }: DeliveryCall): NamedAudience {
  const { computation_id: id, computation_key: key, space_id: spaceId } = personas
  return { id, key, name: key, spaceId }
}

function fieldOf(destinationId: string, audienceKey: string): string {
  return `${destinationId} ${audienceKey}`
}

/** Names the list in a call, where the definitions of tools look for it. */
export function withList(call: DeliveryCall, list: string): DeliveryCall {
  const personas = { ...call.context.personas, external_audience_id: list }
  return { ...call, context: { ...call.context, personas } }
}
