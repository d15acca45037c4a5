/** The rules that hold in a space: their version, and what follows from it. */
import type { IdentityRules } from '../../src/model/external-id.ts'
import { checkRulesVersion, doWindowsCountAll, identityRulesOf } from '../../src/model/rules.ts'

export class SpaceRules {
  readonly #newestIdentity: IdentityRules
  #version: number

  /** @param identity the identity rules of the newest version */
  constructor(version: number, identity: IdentityRules) {
    this.#version = version
    this.#newestIdentity = identity
  }

  /** The version that holds for the next entry. */
  get version(): number {
    return this.#version
  }

  /** The rules by which the calls of the next entry are read. */
  get identity(): IdentityRules {
    return identityRulesOf(this.#version, this.#newestIdentity)
  }

  /** True if windows go on counting events that are no longer kept. */
  get doWindowsCountAll(): boolean {
    return doWindowsCountAll(this.#version)
  }

  /** Lets another version hold from now on; one that `checkRulesVersion` knows. */
  use(version: number): void {
    checkRulesVersion(version)
    this.#version = version
  }
}
