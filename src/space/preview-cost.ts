/** The cost of a definition, from the actors that a preview has looked at. */
import type { Draft } from '../../actors/engine/draft.ts'
import type { PreviewCost } from '../model/preview.ts'
import type { PreviewTally } from './preview-tally.ts'

const DAY_MS = 86_400_000
/** The value of a member, and that it has entered, take about so many bytes. */
const MEMBER_BYTES = 112

export interface CostOptions {
  readonly nodes: Pick<PreviewCost, 'nodesAdded' | 'nodesShared'>
  readonly draft: Draft
  readonly tally: PreviewTally
  /** The time that looking has taken. */
  readonly spentMs: number
  /** The number of actors that there are. */
  readonly all: number
  /** Epoch ms. */
  readonly now: number
}

/** Returns undefined as long as nobody was looked at. */
export function costOf({ nodes, draft, tally, spentMs, all, now }: CostOptions): PreviewCost | undefined {
  const { found, members } = tally
  if (found === 0) return undefined
  const { nodesAdded, nodesShared } = nodes
  const share = nodesAdded / Math.max(1, nodesAdded + nodesShared)
  return {
    ...nodes,
    bytes: Math.round((draft.bytesPerActor * share + (MEMBER_BYTES * members) / found) * all),
    microsecondsPerEvent: Math.round((spentMs * 1_000) / Math.max(1, draft.eventCount)),
    changesByTimePerDay: Math.round((tally.countDueUntil(now + DAY_MS) * all) / found),
    historyDays: draft.historyMs / DAY_MS,
  }
}
