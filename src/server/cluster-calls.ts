/** Calls that come to a node for spaces of others: over links, once all engines of the cluster take them. */
import type { SpaceGovernor } from '../cluster/space-governor.ts'
import { digestOf } from '../http/access.ts'
import { type DirectListener, HttpExchange } from '../http/direct.ts'
import { callRoute, type TakeCalls } from '../ingest/calls.ts'
import type { EngineLinks } from '../link/engine-links.ts'
import type { SetTimer } from '../model/timer.ts'
import { type CallsAim, LedCalls } from './led-calls.ts'
import type { OpenRequests } from './open-requests.ts'

type Governor = Pick<SpaceGovernor, 'serves' | 'routes' | 'refresh' | 'changed' | 'view'>

export interface ClusterCallsOptions {
  readonly governor: Governor
  readonly links: EngineLinks
  readonly nodeId: string
  readonly firstId: string
  readonly requests: OpenRequests
  /** Takes calls of the spaces of this node. */
  readonly take: TakeCalls
  readonly holdMs: number
  /** The monotonic clock, ms. */
  readonly now: () => number
  readonly timer: SetTimer
  readonly told: ConstructorParameters<typeof HttpExchange>[2]
}

/** A write key that nobody knows is looked for during so many beats: it may just have been made. */
const KEY_BEATS = 3

/** Resolves when it is known what a request is for, or nobody seems to know it. */
export async function untilKnown(
  isGuess: () => boolean,
  { refresh, changed }: Pick<SpaceGovernor, 'refresh' | 'changed'>,
): Promise<void> {
  // Its node says so with its next beat.
  for (let beats = 0; isGuess() && beats < KEY_BEATS; beats++) {
    await refresh()
    if (isGuess()) await changed()
  }
}

/** Makes what takes calls for spaces of other nodes; it returns false for what is to be led on as any request is. */
export function clusterCalls(options: ClusterCallsOptions): DirectListener {
  const { governor, requests, take, holdMs, now, timer, told } = options
  const refresh = (): Promise<void> => governor.refresh()
  const changed = (): Promise<void> => governor.changed()
  const takeHere: TakeCalls = async (endpoint, body, came) => {
    const end = requests.count(came.spaceId!)
    try {
      return await take(endpoint, body, came)
    } finally {
      end()
    }
  }
  const aimAt = async (writeKey: string | undefined): Promise<CallsAim> => {
    const digest = writeKey === undefined ? undefined : digestOf(writeKey)
    const known = (): string | undefined => (digest === undefined ? undefined : governor.routes.spaceOfWriteKey(digest))
    await untilKnown(() => digest !== undefined && known() === undefined, { refresh, changed })
    return aimOf(() => known() ?? options.firstId, options)
  }
  const led = new LedCalls({ aimAt, takeHere, holdMs, changed, refresh, now, timer })
  const route = callRoute(led.take)
  return (request, response) => areAllLinked(governor) && route(new HttpExchange(request, response, told))
}

function aimOf(spaceId: () => string, { governor, links, nodeId }: ClusterCallsOptions): CallsAim {
  const find = (): ReturnType<CallsAim['find']> => {
    const id = spaceId()
    if (governor.serves(id)) return 'here'
    const owner = governor.routes.ownerOf(id)
    return owner && owner.nodeId !== nodeId ? links.to({ url: owner.url }) : 'nowhere'
  }
  return { find, spaceId }
}

/** While nodes of another version are there, calls are led on as they understand it. */
function areAllLinked({ view }: Governor): boolean {
  for (const { isEngine, takesLinks } of view?.nodes ?? []) if (isEngine && takesLinks !== true) return false
  return view !== undefined
}
