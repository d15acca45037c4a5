/**
 * A destination of the catalogue: sends each call to the action that its settings, or the tool's presets, choose for
 * it, and several to one action at once where it takes them so.
 */
import type { DeliveryCall } from '../../src/model/delivery-call.ts'
import type { FieldChoices, FieldQuestion, RehearsedRequest } from '../../src/model/destination-question.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type {
  ConfiguredDefinition,
  DefinitionFailure,
  DefinitionQuestion,
  OauthTokens,
} from '../contract/definition-runner.ts'
import {
  DeliveryError,
  type Destination,
  type DestinationContext,
  type NamedAudience,
  SkippedError,
  TerminalError,
} from '../contract/destination.ts'
import { actionOf, batchSizeOf, type OwnSettings, routesOf } from './settings.ts'
import type { CallKind, CatalogueDefinition, MappingDefault } from './catalogue.ts'
import { eventOf, kindOf, resolved, USUAL_NAMES } from './events.ts'
import { errorOf } from './host/host-process.ts'

/** Words of the tool that are passed on. */
const MESSAGE_MAX = 300

interface Batch extends MappingDefault {
  readonly events: JsonObject[]
  /** The places of the events among the calls. */
  readonly places: number[]
  readonly callsMax: number
}

export class CatalogueDestination implements Destination {
  readonly #definition: CatalogueDefinition
  readonly #settings: OwnSettings
  readonly #routes: ReadonlyMap<CallKind, MappingDefault>
  readonly #context: DestinationContext
  #configured: ConfiguredDefinition

  constructor(
    definition: CatalogueDefinition,
    { settings, configured }: { readonly settings: OwnSettings; readonly configured: ConfiguredDefinition },
    context: DestinationContext,
  ) {
    this.#definition = definition
    this.#settings = settings
    this.#configured = configured
    this.#context = context
    this.#routes = routesOf(definition, settings)
    if (definition.hasCreateAudience) {
      this.createAudience = (audience, signal) => this.#createAudience(audience, signal)
      if (definition.hasGetAudience) this.hasAudience = (id, signal) => this.#hasAudience(id, signal)
    }
    if (definition.hasDelete) this.deleteUser = (call, signal) => this.#deleteUser(call, signal)
  }

  readonly createAudience?: NonNullable<Destination['createAudience']>
  readonly hasAudience?: NonNullable<Destination['hasAudience']>
  readonly deleteUser?: NonNullable<Destination['deleteUser']>

  async deliver(call: DeliveryCall, signal: AbortSignal): Promise<void> {
    const [error] = await this.#perform([call], signal, false)
    if (error) throw error
  }

  deliverBatch(calls: readonly DeliveryCall[], signal: AbortSignal): Promise<readonly (DeliveryError | undefined)[]> {
    return this.#perform(calls, signal, true)
  }

  async testConnection(signal: AbortSignal): Promise<void> {
    if (this.#definition.hasTest) await this.#ask({ kind: 'test' }, signal)
  }

  actionOf(call: DeliveryCall): string | undefined {
    return this.#routes.get(kindOf(call))?.action
  }

  async rehearse(call: DeliveryCall, signal: AbortSignal): Promise<readonly RehearsedRequest[]> {
    const [batch] = this.#batchesOf([call])
    if (!batch) throw NO_ACTION
    const { action, mapping, events, callsMax } = batch
    const question = { kind: 'rehearse', action, mapping, events, isBatch: callsMax > 1 } as const
    return (await this.#ask(question, signal)) as unknown as readonly RehearsedRequest[]
  }

  async choices(question: FieldQuestion, signal: AbortSignal): Promise<FieldChoices> {
    const { audienceSettings = {} } = this.#settings
    const ask = async (): Promise<FieldChoices> =>
      choicesIn((await this.#ask({ kind: 'choices', ...question, audienceSettings }, signal)) as AnsweredChoices)
    try {
      return await ask()
    } catch (error) {
      // The kit renews tokens while it delivers, and not while it looks for choices.
      const isRefused = error instanceof DeliveryError && error.reason === 'status_401'
      if (!isRefused || !this.#definition.hasRefresh || !(await this.#renew(signal))) throw error
      return ask()
    }
  }

  /** Resolves with false if there are no tokens to be renewed. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { oauth } = this.#configured
    if (!oauth) return false
    this.#keep({ ...oauth, ...((await this.#ask({ kind: 'refresh' }, signal)) as OauthTokens) })
    return true
  }

  /** Actions are asked one after the other, so that a person's calls keep their order. */
  async #perform(
    calls: readonly DeliveryCall[],
    signal: AbortSignal,
    isBatch: boolean,
  ): Promise<(DeliveryError | undefined)[]> {
    const errors: (DeliveryError | undefined)[] = calls.map(() => NO_ACTION)
    for (const { action, mapping, events, places, callsMax } of this.#batchesOf(calls))
      try {
        const together = isBatch && callsMax > 1
        const answer = await this.#ask({ kind: 'perform', action, mapping, events, isBatch: together }, signal)
        const failures = answer as unknown as readonly (DefinitionFailure | null)[]
        for (const [index, place] of places.entries()) {
          const failure = failures[index]
          errors[place] = failure ? errorOf(failure) : undefined
        }
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error
        for (const place of places) errors[place] = error
      }
    return errors
  }

  #batchesOf(calls: readonly DeliveryCall[]): Iterable<Batch> {
    const open = new Map<string, Batch>()
    const batches: Batch[] = []
    for (const [place, call] of calls.entries()) {
      const route = this.#routes.get(kindOf(call))
      if (!route) continue
      const { action, mapping } = route
      const { batchKeys } = actionOf(this.#definition, action)!
      const event = this.#eventOf(call)
      const keys = batchKeys.map((field) => resolved(mapping, field, event) ?? null)
      const list = call.context.personas.external_audience_id ?? call.context.personas.computation_id
      const name = JSON.stringify([kindOf(call), action, list, keys])
      const held = open.get(name)
      if (held && held.events.length < held.callsMax) {
        held.events.push(event)
        held.places.push(place)
        continue
      }
      const callsMax = this.#settings.batching ? batchSizeOf(this.#definition, route) : 1
      const batch = { action, mapping, events: [event], places: [place], callsMax }
      open.set(name, batch)
      batches.push(batch)
    }
    return batches
  }

  async #createAudience(audience: NamedAudience, signal: AbortSignal): Promise<string> {
    const { audienceSettings = {} } = this.#settings
    return (await this.#ask({ kind: 'create audience', audience, audienceSettings }, signal)) as string
  }

  async #hasAudience(externalId: string, signal: AbortSignal): Promise<boolean> {
    const { audienceSettings = {} } = this.#settings
    try {
      await this.#ask({ kind: 'get audience', externalId, audienceSettings }, signal)
      return true
    } catch (error) {
      if (error instanceof DeliveryError && /^(status_4(04|10)|\w*not_found)$/.test(error.reason)) return false
      throw error
    }
  }

  async #deleteUser({ userId, anonymousId }: DeliveryCall, signal: AbortSignal): Promise<void> {
    await this.#ask({ kind: 'delete user', userId, anonymousId }, signal)
  }

  #eventOf(call: DeliveryCall): JsonObject {
    const { audienceSettings = {} } = this.#settings
    const names = this.#definition.kind === 'list' ? USUAL_NAMES : undefined
    return eventOf(call, { audienceSettings, names })
  }

  #ask(question: DefinitionQuestion, signal: AbortSignal) {
    return this.#context.definitions.ask(this.#configured, question, {
      signal,
      onTokens: (oauth) => this.#keep(oauth),
    })
  }

  #keep(oauth: OauthTokens): void {
    this.#configured = { ...this.#configured, oauth }
    this.#context.save({ oauth: { ...oauth } as JsonObject })
  }
}

/** Choices as definitions answer. A failure is in the answer, and has the code of an HTTP status or words. */
interface AnsweredChoices {
  readonly choices?: readonly { readonly value: JsonValue; readonly label?: string }[]
  readonly nextPage?: JsonValue
  readonly error?: { readonly message?: string; readonly code?: string | number }
}

/** Throws a TerminalError with what the tool says is wrong. */
function choicesIn({ choices = [], nextPage, error }: AnsweredChoices): FieldChoices {
  if (error) {
    const reason = /^\d{3}$/.test(String(error.code)) ? `status_${error.code}` : 'no_choices'
    throw new TerminalError(reason, (error.message ?? 'The tool has no choices.').slice(0, MESSAGE_MAX))
  }
  const hasNext = (typeof nextPage === 'string' || typeof nextPage === 'number') && nextPage !== ''
  return {
    choices: choices.map(({ value, label }) => ({
      value,
      label: label ?? (typeof value === 'string' ? value : JSON.stringify(value)),
    })),
    ...(hasNext && { nextPage: String(nextPage) }),
  }
}

const NO_ACTION = new SkippedError('no_action', 'No action of the tool is for this kind of call.')
