export interface Mutant {
  /** The fault, in words. */
  readonly name: string
  /** A file of the product, from the root of the repository. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** Test files of which at least one test must fail. */
  readonly caughtBy: readonly string[]
}

export declare const MUTANTS: readonly Mutant[]

/** A file's text with the fault in it. Throws where `find` does not stand there exactly once. */
export declare function planted(mutant: Mutant, text: string): string
