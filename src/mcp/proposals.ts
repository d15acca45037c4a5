/**
 * Proposals to make or change an audience, in memory.
 *
 * M1. A proposal is saved only after its consequences have been shown, exact ones.
 * M2. What is saved is the request that they were computed of; a change, only of the state of the audience that they
 *     were computed of. The API holds the latter.
 * M3. A proposal is saved once. One that the API refuses is open again, for as long as it would have been.
 */
import { EngineError } from '../model/errors.ts'
import { newId } from '../model/new-id.ts'
import type { ToolAnswer } from './tool.ts'

const OPEN_MS = 15 * 60_000
const OPEN_MAX = 100

/** The request that saves a proposal. */
export interface ProposalRequest {
  readonly method: 'POST' | 'PATCH'
  readonly path: string
  readonly body: object
}

export interface Proposal {
  readonly id: string
  /** `change of audience big_spenders`. */
  readonly title: string
  readonly request: ProposalRequest
  readonly previewId: string
  /** Keys of some definitions that read the audience, and may change with it. */
  readonly readers: readonly string[]
}

interface Open {
  readonly proposal: Proposal
  /** When it was made, or else shown; epoch ms. */
  readonly since: number
  readonly shown?: ToolAnswer
}

export class Proposals {
  readonly #clock: () => number
  /** The oldest first; beyond so many it goes. */
  readonly #open = new Map<string, Open>()

  /** @param clock epoch ms */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  add(made: Omit<Proposal, 'id'>): Proposal {
    const now = this.#clock()
    const proposal = { ...made, id: newId('prp', now) }
    for (const id of this.#open.keys()) if (this.#open.size >= OPEN_MAX) this.#open.delete(id)
    this.#open.set(proposal.id, { proposal, since: now })
    return proposal
  }

  /** Returns a proposal, with what has been shown of it. Throws an EngineError if it is unknown, or too old. */
  find(id: string): { readonly proposal: Proposal; readonly shown: ToolAnswer | undefined } {
    const { proposal, shown } = this.#present(id)
    return { proposal, shown }
  }

  /** Notes that its consequences, which are exact, have been shown. */
  show(id: string, shown: ToolAnswer): void {
    this.#open.set(id, { ...this.#present(id), since: this.#clock(), shown })
  }

  /** Saves a proposal by a request. Throws an EngineError if it may not be saved. Keeps M1 and M3. */
  async save<Saved>(id: string, send: (request: ProposalRequest) => Promise<Saved>): Promise<Saved> {
    const open = this.#present(id)
    if (!open.shown)
      throw new EngineError(
        'validation_error',
        'proposal_id: who would enter and leave has not been shown yet; get_proposal shows it',
        'proposal_id',
      )
    this.#open.delete(id)
    try {
      return await send(open.proposal.request)
    } catch (error) {
      this.#open.set(id, open)
      throw error
    }
  }

  #present(id: string): Open {
    const open = this.#open.get(id)
    if (open && this.#clock() - open.since <= OPEN_MS) return open
    this.#open.delete(id)
    const message =
      'proposal_id: there is no such proposal; one is gone 15 minutes after it was shown, or once it is saved'
    throw new EngineError('not_found', message, 'proposal_id')
  }
}
