/**
 * The definitions of a space with the plans that they compile to. They change together: definitions that do not compile
 * never become the present ones.
 */
import type { Command } from '../../src/model/entry.ts'
import { readsSame } from './adoption-compiler.ts'
import { compileChange, compilePlans, type PlansChange } from './compile.ts'
import { type Layouts, layoutsOf, type Plans } from './compiled-plans.ts'
import type { Definitions } from './definitions.ts'
import { type DefinitionInput, KeyTable, type Moment, NONE_PREPARED, type PreparedDefinitions } from './references.ts'

/** A command that changes the definitions. */
export type DefinitionCommand = Extract<Command, { kind: 'define' | 'remove' }>

/** The definitions after a command, compiled. It holds as long as the present definitions are those of `before`. */
export interface CompiledDefinitions extends PlansChange {
  readonly before: Definitions
  readonly after: Definitions
  /** Definitions that begin, or begin anew. */
  readonly begun: readonly DefinitionInput[]
}

/** Plans that hold the states of other definitions beforehand. */
export interface CompiledPreparation extends PlansChange {
  readonly prepared: PreparedDefinitions
}

/** Definitions with those that are prepared beside them, and the layouts by which actors were stored. */
export interface StoredPlans {
  readonly definitions: Definitions
  readonly prepared: PreparedDefinitions
  readonly layouts: Layouts | undefined
}

export class DefinedPlans {
  #definitions: Definitions
  #plans: Plans
  #prepared: PreparedDefinitions
  #layouts: Layouts | undefined

  /** Throws an EngineError if the definitions cannot be compiled together. */
  constructor({ definitions, prepared, layouts }: StoredPlans) {
    this.#definitions = definitions
    this.#prepared = prepared
    this.#plans = compilePlans(definitions.inputs(), layouts, prepared)
  }

  static of(definitions: Definitions): DefinedPlans {
    return new DefinedPlans({ definitions, prepared: NONE_PREPARED, layouts: undefined })
  }

  /** The present ones. */
  get definitions(): Definitions {
    return this.#definitions
  }

  /** Those of the present definitions, with the states of those that are prepared. */
  get plans(): Plans {
    return this.#plans
  }

  get prepared(): PreparedDefinitions {
    return this.#prepared
  }

  /** The layouts of the plans: made once, as they are long where there are many definitions. */
  get layouts(): Layouts {
    return (this.#layouts ??= layoutsOf(this.#plans))
  }

  /**
   * Compiles what a command makes of definitions; changes nothing. Throws an EngineError if it breaks a rule.
   * @param before those that the command changes; by default the present ones
   */
  compile(command: DefinitionCommand, now: Moment, before = this.#definitions): CompiledDefinitions {
    const after =
      command.kind === 'define'
        ? before.with(command.definition, now)
        : before.without(command.key, command.type, command.isKept)
    return this.compileTo(after)
  }

  /** Compiles other definitions in place of the present ones. Throws an EngineError if they break a rule. */
  compileTo(after: Definitions): CompiledDefinitions {
    const before = this.#definitions
    const known = new Set(before.inputs())
    const begun = after.inputs().filter((input) => !known.has(input))
    const numbers = new Set(begun.map(({ id }) => id))
    const resumed = new Set([...numbers].filter((id) => before.isAside(id)))
    return { before, after, begun, ...compileChange(after.inputs(), { plans: this.#plans, begun: numbers, resumed }) }
  }

  /** Compiles the present definitions beside those that are to come: their states are new, and nobody reads them. */
  compilePreparation({ after, begun, plans, adoptions }: CompiledDefinitions): CompiledPreparation {
    const numbers = new Set(begun.map(({ id }) => id))
    for (const kind of ['user', 'account'] as const)
      for (const index of adoptions[kind].marked) {
        const node = plans[kind].definitions[index]!
        if (!readsSame(this.#plans[kind].byId.get(node.id), node)) numbers.add(node.id)
      }
    return this.compilePrepared(preparedOf(after, numbers))
  }

  /** Compiles the present definitions with the states of others. */
  compilePrepared(prepared: PreparedDefinitions): CompiledPreparation {
    const change = { plans: this.#plans, begun: new Set<number>(), prepared }
    return { prepared, ...compileChange(this.#definitions.inputs(), change) }
  }

  /** Holds the states of other definitions beforehand. */
  prepare({ prepared, plans }: CompiledPreparation): void {
    this.#set(this.#definitions, plans, prepared)
  }

  /** Makes compiled definitions the present ones. */
  replace({ before, after, plans }: CompiledDefinitions): void {
    if (before !== this.#definitions) throw new Error('the definitions have changed since these were compiled')
    this.#set(after, plans, NONE_PREPARED)
  }

  /** Goes back to the definitions of before `replace`. */
  goBack({ before }: CompiledDefinitions, plans: Plans): void {
    this.#set(before, plans, this.#prepared)
  }

  #set(definitions: Definitions, plans: Plans, prepared: PreparedDefinitions): void {
    this.#definitions = definitions
    this.#plans = plans
    this.#prepared = prepared
    this.#layouts = undefined
  }
}

/** Returns those of the definitions that are to come which are prepared. */
export function preparedOf(target: Definitions, ids: ReadonlySet<number>): PreparedDefinitions {
  return {
    // One that reads something else now is there in both forms.
    inputs: target
      .inputs()
      .filter(({ id }) => ids.has(id))
      .map((input) => ({ ...input })),
    keys: new KeyTable(target.inputs().map(({ source }) => source)),
  }
}
