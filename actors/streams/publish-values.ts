/** Finds the values of a stream that have changed since they were published last. */
import type { Dependents } from '../plan/dependents.ts'
import { sameValue } from '../values/values.ts'
import type { StreamNode, StreamState } from '../plan/stream-node.ts'

/** Stores the present values, and passes on the readers of those that have changed. */
export function publishValues(
  { watchers, reducers }: StreamNode,
  state: StreamState,
  onChange: (watched: Dependents) => void,
): void {
  state.published ??= reducers.map(() => null)
  for (let reducer = 0; reducer < watchers.length; reducer++) {
    const watched = watchers[reducer]!
    if (watched.definitions.size === 0 && watched.timed.size === 0) continue
    const value = state.value(reducer)
    if (sameValue(state.published[reducer], value)) continue
    state.published[reducer] = value
    onChange(watched)
  }
}
