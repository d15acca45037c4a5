/** Answers questions about a destination, or about settings that are not stored. */
import { authorizedSettings } from '../../destinations/catalogue/oauth-exchange.ts'
import {
  DeliveryError,
  type DestinationContext,
  type DestinationType,
  TerminalError,
} from '../../destinations/contract/destination.ts'
import { Masking, secretsIn } from '../../destinations/contract/masking.ts'
import { timedOut } from '../../destinations/contract/transport-error.ts'
import { destinationType, parseSettings } from '../../destinations/registry.ts'
import type { TriedSettings } from '../model/destination-admin.ts'
import type { DestinationAnswer, DestinationQuestion, FieldChoices, Rehearsed } from '../model/destination-question.ts'
import { EngineError } from '../model/errors.ts'
import type { JsonObject } from '../model/json.ts'
import { withList } from './audience-lists.ts'

export interface AnswerOptions {
  readonly context: DestinationContext
  /** Finds the list of an audience at the destination; undefined if none has been created. */
  readonly listOf: (audienceKey: string) => Promise<string | undefined>
}

const AUTHORIZE_MS = 20_000
/** Stands for a list that has not been created; definitions that want a number take it too. */
export const NO_LIST = '1000000000'

/** Resolves with a failure for what the destination refuses; rejects for a fault of ours. */
export async function answerQuestion(
  { type: slug, settings }: TriedSettings,
  question: DestinationQuestion,
  options: AnswerOptions,
): Promise<DestinationAnswer<DestinationQuestion['kind']>> {
  const type = destinationType(slug)
  if (!type) return { failure: { reason: 'unknown_type', message: 'There is no such type of destination.' } }
  const masking = new Masking(secretsIn(settings, type.secrets))
  try {
    if (question.kind !== 'authorize')
      return { value: await answerConnected({ type, settings, masking }, question, options) }
    const { http } = options.context
    const signal = AbortSignal.timeout(AUTHORIZE_MS)
    return { value: await authorizedSettings(slug, settings, question, { http, signal }) }
  } catch (error) {
    if (error instanceof EngineError) return { failure: { reason: error.code, message: error.message } }
    if (!(error instanceof DeliveryError)) throw error
    return { failure: { reason: error.reason, message: masking.text(error.message) } }
  }
}

async function answerConnected(
  { type, settings, masking }: { type: DestinationType; settings: JsonObject; masking: Masking },
  question: Exclude<DestinationQuestion, { kind: 'authorize' }>,
  { context, listOf }: AnswerOptions,
): Promise<FieldChoices | Rehearsed | null> {
  const whole = parseSettings(type, settings)
  const destination = type.connect(whole, context)
  const signal = AbortSignal.timeout(type.limits(whole).timeoutMs)
  const ask = async (): Promise<FieldChoices | Rehearsed | null> => {
    switch (question.kind) {
      case 'test':
        await destination.testConnection?.(signal)
        return null
      case 'rehearse': {
        if (!destination.rehearse) throw unanswered(type, 'shows no requests')
        const { call: asked } = question
        const key = asked.context.personas.computation_key
        const call = destination.createAudience ? withList(asked, (await listOf(key)) ?? NO_LIST) : asked
        const requests = masking.requests(await destination.rehearse(call, signal))
        return { requests, action: destination.actionOf?.(call) }
      }
      case 'choices': {
        if (!destination.choices) throw unanswered(type, 'has no fields')
        const { choices, nextPage } = await destination.choices(question, signal)
        const shown = choices.map(({ value, label }) => ({ value: masking.json(value), label: masking.text(label) }))
        return { choices: shown, nextPage }
      }
    }
  }
  // A destination that ignores the signal is not waited for.
  const isOver = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(timedOut(signal)))
  })
  try {
    return await Promise.race([ask(), isOver])
  } finally {
    await destination.close?.()
  }
}

function unanswered({ slug }: DestinationType, why: string): TerminalError {
  return new TerminalError('not_supported', `The type ${slug} ${why}.`)
}
