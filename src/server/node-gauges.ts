/** The present figures of a node, as its governor knows them when Prometheus asks. */
import type { SpaceGovernor } from '../cluster/space-governor.ts'
import type { NodeGauges } from '../http/node-metrics.ts'

export type ObservedGovernor = Pick<
  SpaceGovernor,
  'isJoined' | 'failedBeats' | 'view' | 'routes' | 'spaceIds' | 'leases'
>

export function nodeGauges(governor: ObservedGovernor, nodeId: string): NodeGauges {
  const nodes = () => governor.view?.nodes ?? []
  return {
    isJoined: () => governor.isJoined,
    failedBeats: () => governor.failedBeats,
    own: () => {
      const record = nodes().find(({ id }) => id === nodeId)
      if (!record) return undefined
      const isLeaving = record.isEnding || governor.view!.drained.has(nodeId)
      return { isLeaving, weights: new Map(Object.entries(record.weights)) }
    },
    nodeCount: () => nodes().length,
    spaces: () => {
      const live = new Set(nodes().map(({ id }) => id))
      const isServed = (spaceId: string): boolean => live.has(governor.routes.ownerOf(spaceId)?.nodeId ?? '')
      return new Map(governor.spaceIds.map((spaceId) => [spaceId, isServed(spaceId)]))
    },
    leases: () => governor.leases,
  }
}
