/** Entries and exits since a list was read, so that its sizes are of now. */
import { useCallback, useState } from 'react'
import { type Received, useEachTransition, useFeed } from '../../api/feed.ts'
import { useSpaceId } from '../../api/session.ts'

export interface Moves {
  readonly entered: number
  readonly left: number
}

class MovesSince {
  #since = 0
  readonly #byAudience = new Map<string, Moves>()

  readonly add = ({ audienceId, type }: Received): void => {
    if (audienceId === undefined) return
    const { entered, left } = this.of(audienceId)
    this.#byAudience.set(audienceId, {
      entered: entered + Number(type === 'entered'),
      left: left + Number(type === 'exited'),
    })
  }

  of(audienceId: string): Moves {
    return this.#byAudience.get(audienceId) ?? { entered: 0, left: 0 }
  }

  /** Forgets what a list that was read at this instant has in it. */
  countFrom(since: number): void {
    if (since !== this.#since) this.#byAudience.clear()
    this.#since = since
  }
}

/**
 * Returns a function that gives the moves of an audience since its list was read.
 * @param readAt epoch ms
 */
export function useMoves(readAt: number): (audienceId: string) => Moves {
  const spaceId = useSpaceId()
  const [since] = useState(() => new MovesSince())
  useFeed(spaceId)
  useEachTransition(spaceId, since.add)
  since.countFrom(readAt)
  return useCallback((audienceId) => since.of(audienceId), [since])
}
