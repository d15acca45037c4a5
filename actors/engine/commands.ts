/** The commands of a space: what they compile before they are applied, and what they do. */
import { type Command, isAboutPeople } from '../../src/model/entry.ts'
import { KEEP_ALL } from '../../src/model/retention.ts'
import { checkRulesVersion } from '../../src/model/rules.ts'
import type { Transition } from '../../src/model/transition.ts'
import type { CompiledDefinitions, DefinitionCommand } from '../compiler/defined-plans.ts'
import type { ActorSystem } from './actor-system.ts'
import type { CompiledCommand } from './applied.ts'

export class Commands {
  readonly #system: ActorSystem

  constructor(system: ActorSystem) {
    this.#system = system
  }

  /**
   * Compiles what a command changes, before it is applied. Throws an EngineError for a command that breaks a rule.
   * Returns undefined for one that compiles nothing.
   */
  compile(command: Command, receivedAt: number): CompiledDefinitions | undefined {
    if (isAboutPeople(command)) this.#system.people.check(command)
    return isAboutDefinitions(command) ? this.compileDefinitions(command, receivedAt) : undefined
  }

  compileDefinitions(command: DefinitionCommand, receivedAt: number): CompiledDefinitions {
    const { calls, changeover, clock, defined } = this.#system
    const now = { arrivals: calls.arrivals, at: Math.max(clock.now, receivedAt) }
    return defined.compile(command, now, changeover.intended)
  }

  /** Applies a command. Throws an EngineError for one that breaks a rule; then nothing has changed. */
  apply({ command, receivedAt, compiled }: CompiledCommand, transitions: Transition[]): void {
    const { changeover, clock, people, rules, schedule } = this.#system
    const changed = isAboutDefinitions(command) ? (compiled ?? this.compileDefinitions(command, receivedAt)) : undefined
    if (command.kind === 'use rules') checkRulesVersion(command.version)
    clock.moveTo(receivedAt, transitions)
    switch (command.kind) {
      case 'retain':
        schedule.retain({ ...KEEP_ALL, ...command.retention })
        return
      case 'use rules':
        rules.use(command.version)
        return
      case 'proceed':
        changeover.proceed(command.slice, transitions)
        return
      case 'define':
      case 'remove':
        if (command.inSteps) changeover.begin(changed!, transitions)
        else this.#redefine(changed!, transitions)
        return
      default:
        people.apply(command, transitions)
    }
  }

  #redefine(changed: CompiledDefinitions, transitions: Transition[]): void {
    const { changeover, clock, defined, redefinition } = this.#system
    if (changeover.walk) throw new Error('a change of definitions is under way')
    const { plans: oldPlans } = defined
    defined.replace(changed)
    const { after, ...change } = changed
    const adopted = {
      ...change,
      oldPlans,
      inputs: after.inputs(),
      isAside: (id: number) => after.isAside(id),
      now: clock.now,
    }
    try {
      redefinition.adopt(adopted, transitions)
    } catch (cause) {
      defined.goBack(changed, oldPlans)
      throw cause
    }
  }
}

function isAboutDefinitions(command: Command): command is DefinitionCommand {
  return command.kind === 'define' || command.kind === 'remove'
}
