/**
 * The definitions of a space with the plans that they compile to. They change together: definitions that do not compile
 * never become the present ones.
 */
import type { Command } from '../../src/model/entry.ts'
import { compilePlans, type Plans } from './compile.ts'
import type { Definitions } from './definitions.ts'
import type { DefinitionInput } from './references.ts'

/** A command that changes the definitions. */
export type DefinitionCommand = Extract<Command, { kind: 'define' | 'remove' }>

/** The definitions after a command, compiled. It holds as long as the present definitions are those of `before`. */
export interface CompiledDefinitions {
  readonly before: Definitions
  readonly after: Definitions
  readonly plans: Plans
}

export class DefinedPlans {
  #definitions: Definitions
  #plans: Plans

  /** Throws an EngineError if the definitions cannot be compiled together. */
  constructor(definitions: Definitions) {
    this.#definitions = definitions
    this.#plans = compilePlans(definitions.inputs())
  }

  get definitions(): Definitions {
    return this.#definitions
  }

  get plans(): Plans {
    return this.#plans
  }

  /**
   * Compiles what a command makes of the definitions; changes nothing. Throws an EngineError if it breaks a rule.
   * @param arrivals how many calls the space has taken up
   */
  compile(command: DefinitionCommand, arrivals: number): CompiledDefinitions {
    const before = this.#definitions
    const after =
      command.kind === 'define' ? before.with(command.definition, arrivals) : before.without(command.key, command.type)
    return { before, after, plans: compilePlans(after.inputs()) }
  }

  /** Makes compiled definitions the present ones; returns those that begin with them, or begin anew. */
  replace({ before, after, plans }: CompiledDefinitions): readonly DefinitionInput[] {
    if (before !== this.#definitions) throw new Error('the definitions have changed since these were compiled')
    this.#definitions = after
    this.#plans = plans
    return after.inputs().filter((input) => !before.inputs().includes(input))
  }

  /** Goes back to the definitions of before `replace`. */
  goBack({ before }: CompiledDefinitions, plans: Plans): void {
    this.#definitions = before
    this.#plans = plans
  }
}
