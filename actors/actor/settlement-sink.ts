/** The settlement, as an actor that takes part in it sees it. */
import type { JsonValue } from '../../src/model/json.ts'
import type { DefinitionNode } from '../plan/plan.ts'
import type { Message } from './message.ts'

/** An actor, as the settlement sees it. */
export interface SettlingActor {
  readonly ordinal: number
  /** Evaluates its marked definitions up to a level. */
  evaluate(level: number): void
}

export interface SettlementSink {
  /** Hands an actor a message within the current settlement, or else within one of its own. */
  deliver(ordinal: number, message: Message): void
  /** Registers that an actor has definitions of this level to settle. */
  enqueue(actor: SettlingActor, level: number): void
  /** Called before a definition's value changes, with its value so far. */
  changing(actor: SettlingActor, node: DefinitionNode, before: JsonValue): void
  /** Adds an actor to the settlement: its present becomes the settlement's, with everything due for it until then. */
  join(ordinal: number): void
}
