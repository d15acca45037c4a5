/** Answers of the API about the demonstration and about sources, as far as the first page shows them. */

export interface DemonstrationAnswer {
  readonly status: 'none' | 'filling' | 'live'
  /** The id of its space, if there is one. */
  readonly spaceId?: string
  /** While it is filling: how much of its past has come in, from 0 to 1. */
  readonly share?: number
}

export interface SourceAnswer {
  readonly id: string
  readonly name: string
  /** The newest first. */
  readonly writeKeys: readonly { readonly key: string }[]
}
