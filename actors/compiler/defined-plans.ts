/**
 * The definitions of a space with the plans that they compile to. They change together: definitions that do not compile
 * never become the present ones.
 */
import type { Command } from '../../src/model/entry.ts'
import { compileChange, compilePlans, type PlansChange } from './compile.ts'
import { type Layouts, layoutsOf, type Plans } from './compiled-plans.ts'
import type { Definitions } from './definitions.ts'
import type { DefinitionInput, Moment } from './references.ts'

/** A command that changes the definitions. */
export type DefinitionCommand = Extract<Command, { kind: 'define' | 'remove' }>

/** The definitions after a command, compiled. It holds as long as the present definitions are those of `before`. */
export interface CompiledDefinitions extends PlansChange {
  readonly before: Definitions
  readonly after: Definitions
  /** Definitions that begin, or begin anew. */
  readonly begun: readonly DefinitionInput[]
}

export class DefinedPlans {
  #definitions: Definitions
  #plans: Plans
  #layouts: Layouts | undefined

  /**
   * Throws an EngineError if the definitions cannot be compiled together.
   * @param stored the layouts by which actors were stored
   */
  constructor(definitions: Definitions, stored?: Layouts) {
    this.#definitions = definitions
    this.#plans = compilePlans(definitions.inputs(), stored)
  }

  get definitions(): Definitions {
    return this.#definitions
  }

  get plans(): Plans {
    return this.#plans
  }

  /** The layouts of the plans: made once, as they are long where there are many definitions. */
  get layouts(): Layouts {
    return (this.#layouts ??= layoutsOf(this.#plans))
  }

  /**
   * Compiles what a command makes of the definitions; changes nothing. Throws an EngineError if it breaks a rule.
   */
  compile(command: DefinitionCommand, now: Moment): CompiledDefinitions {
    const before = this.#definitions
    const after =
      command.kind === 'define' ? before.with(command.definition, now) : before.without(command.key, command.type)
    const known = new Set(before.inputs())
    const begun = after.inputs().filter((input) => !known.has(input))
    const numbers = new Set(begun.map(({ id }) => id))
    return { before, after, begun, ...compileChange(after.inputs(), { plans: this.#plans, begun: numbers }) }
  }

  /** Makes compiled definitions the present ones. */
  replace({ before, after, plans }: CompiledDefinitions): void {
    if (before !== this.#definitions) throw new Error('the definitions have changed since these were compiled')
    this.#set(after, plans)
  }

  /** Goes back to the definitions of before `replace`. */
  goBack({ before }: CompiledDefinitions, plans: Plans): void {
    this.#set(before, plans)
  }

  #set(definitions: Definitions, plans: Plans): void {
    this.#definitions = definitions
    this.#plans = plans
    this.#layouts = undefined
  }
}
