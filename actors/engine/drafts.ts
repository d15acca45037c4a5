/** Drafts of definitions under the present ones: nothing of them is in the state. */
import type { Condition } from '../../src/language/tree.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import { Definitions } from '../compiler/definitions.ts'
import { kindOfType } from '../compiler/references.ts'
import type { ActorSystem } from './actor-system.ts'
import type { Commands } from './commands.ts'
import { Draft, type DraftOptions } from './draft.ts'

export class Drafts {
  readonly #system: ActorSystem
  readonly #commands: Commands

  constructor(system: ActorSystem, commands: Commands) {
    this.#system = system
    this.#commands = commands
  }

  /** Makes a draft of a definition under the present ones. Throws an EngineError for one that does not compile. */
  draft(source: DefinitionSource, parts: readonly Condition[] = []): Draft {
    return new Draft(this.options(source), parts)
  }

  /** Makes a draft of a definition that is there, by its number, as if it were not; undefined if there is none. */
  draftOf(definition: number): Draft | undefined {
    const options = this.optionsOf(definition)
    return options && new Draft(options)
  }

  /** Reads a definition as one that begins now, under the present ones. Throws an EngineError if it breaks a rule. */
  options(source: DefinitionSource): DraftOptions {
    const { calls, clock, defined, store } = this.#system
    const { definitions } = defined
    const input = Definitions.draft(source, definitions.nextId, { arrivals: calls.arrivals, at: clock.now })
    return { input, definitions, rules: store.rules }
  }

  /** Returns a definition that is there, by its number; undefined if there is none. */
  optionsOf(definition: number): DraftOptions | undefined {
    const { defined, store } = this.#system
    const { definitions } = defined
    const input = definitions.inputs().find(({ id }) => id === definition)
    return input && { input, definitions, rules: store.rules }
  }

  /** Counts the nodes that a definition would add, and those that it would share with others. It must compile. */
  nodesOf(source: DefinitionSource): { readonly nodesAdded: number; readonly nodesShared: number } {
    const { clock, defined } = this.#system
    const { plans } = this.#commands.compileDefinitions({ kind: 'define', definition: source }, clock.now)
    const kind = kindOfType(source)
    const added = plans[kind].definitions.find(({ key, kind: of }) => key === source.key && of === source.kind)!
    const nodes = [...added.inputs.nodes]
    const nodesShared = nodes.filter(({ id }) => defined.plans[kind].states[id]).length
    return { nodesAdded: nodes.length - nodesShared, nodesShared }
  }
}
