/** Answers of the API about sources. Instants are ISO 8601. */

export interface SourceAnswer {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  /** Destinations are told nothing of what its calls change. */
  readonly quiet: boolean
  /** Those that are taken, the newest first. */
  readonly writeKeys: readonly { readonly key: string; readonly expiresAt?: string }[]
  readonly createdAt: string
}

/** A call that was refused, without anything of a person. */
export interface RejectionAnswer {
  readonly at: string
  readonly code: string
  readonly message: string
  readonly type?: string
  readonly event?: string
  readonly messageId?: string
}

export interface RejectionsAnswer {
  readonly rejections: readonly RejectionAnswer[]
  /** All since the server has run, by their code. */
  readonly counts: Readonly<Record<string, number>>
}
