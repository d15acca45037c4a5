export interface Token {
  readonly type: string
  readonly value: string
}

/** The types of tokens, each by the name that `@segment/fql-ts` gives it. */
export declare const types: Readonly<Record<string, string>>

/** Lists the tokens of a query, and one of type `eos` at its end. Throws an Error at a character that begins none. */
export declare function lex(query: string): { tokens: Token[] }
