/**
 * A node of a cluster: a server whose spaces come and go. It answers for all spaces, and leads on to their nodes what
 * is for those that it does not have.
 */
import type { Logger } from 'pino'
import type { ChangeSignal } from '../cluster/change-signal.ts'
import type { NodeDirectory } from '../cluster/node-directory.ts'
import type { Ownership } from '../cluster/ownership.ts'
import { SpaceGovernor } from '../cluster/space-governor.ts'
import { createStartingApp } from '../http/app.ts'
import { Forwarder } from '../http/forwarder.ts'
import { listen } from '../http/server.ts'
import { setTimer } from '../model/timer.ts'
import type { PipelineOptions } from '../space/pipeline-options.ts'
import { clusterFront } from './cluster-front.ts'
import { ClusterHost } from './cluster-host.ts'
import { nodeGauges } from './node-gauges.ts'
import { OpenRequests } from './open-requests.ts'
import { nodeLinks } from './node-links.ts'
import { httpAppOf, partsOf, type ServerConfig, toldOf } from './server.ts'
import type { Installation, Spaces } from './spaces.ts'
import { type FollowedStores, Standbys } from './standbys.ts'

export interface NodeConfig extends ServerConfig {
  readonly nodeId: string
  /** Where other nodes reach it; undefined: where it listens. */
  readonly nodeUrl: string | undefined
  /** False for a node that has no spaces, and only leads requests on. */
  readonly isEngine: boolean
  readonly ownership: Ownership
  readonly nodes: NodeDirectory
  readonly signal: ChangeSignal
  /** Opens the stores of a space that another node has, to follow it. */
  readonly follow: (spaceId: string) => FollowedStores
  /** True if each space is followed by another node than its own. */
  readonly hasStandbys: boolean
  /** Known to all nodes, and to nobody else; undefined: calls are led on as any request is. */
  readonly secret?: string | undefined
  /** Aborted when the process is to end. */
  readonly ending: AbortSignal
}

export interface RunningNode {
  readonly url: string
  readonly spaces: Spaces
  /** Hands the spaces over, answers the requests under way, then ends. */
  stop(): Promise<void>
}

/** A request is held for so long while its space is on its way from one node to another. */
const HOLD_MS = 5_000
/** A node that is to end answers for so long at least, and has clients go elsewhere. */
const PARTED_MS = 500

/** Joins the cluster, and serves. Port 0: any that is free. */
export async function startNode(
  config: NodeConfig,
  log: Logger,
  installation: Installation,
  options: Omit<PipelineOptions, 'journal' | 'checkpoints'>,
): Promise<RunningNode> {
  const { nodeId, isEngine, ownership, nodes, signal, hasStandbys, spaceId: firstId, writeKey } = config
  const http = await listen({ app: createStartingApp() }, config)
  config.onListening?.(http.url)
  const url = config.nodeUrl ?? http.url
  const { timer = setTimer } = options
  const now = () => performance.now()
  const onTrouble = (cause: unknown) => log.warn({ err: cause }, 'the cluster cannot be asked; it is tried again')
  const onLost = (_cause: unknown, spaceId: string) => void governor.lostJournal(spaceId)
  const parts = partsOf(config, options, { log, installation, onLost, isNode: true })
  const { spaces, clock } = parts
  const metrics = parts.metrics.ofNode
  const { directory } = installation
  const requests = new OpenRequests()
  const standbys = new Standbys({
    open: config.follow,
    optionsOf: (spaceId) => spaces.pipelineOptionsOf(spaceId),
    log,
  })
  const host = new ClusterHost({
    nodeId,
    firstId,
    writeKey,
    spaces,
    standbys,
    directory,
    requests,
    now,
    timer,
    metrics,
  })
  const takesLinks = isEngine && config.secret !== undefined
  const common = { nodeId, url, isEngine, hasStandbys, takesLinks, ownership, host, clock, now, timer }
  const send = () => signal.send()
  const governor: SpaceGovernor = new SpaceGovernor({ ...common, directory: nodes, signal: send, onTrouble })
  host.governor = governor
  // Without it, what others signal is found with the next beat.
  void signal.listen(() => governor.signalled())
  const forwarder = new Forwarder({
    holdMs: HOLD_MS,
    changed: () => governor.changed(),
    refresh: () => governor.refresh(),
    now,
    timer,
    onForwarded: metrics.countForwarded,
  })
  metrics.follow(nodeGauges(governor, nodeId))
  try {
    await governor.start(config.ending)
  } catch (error) {
    await governor.stop()
    await standbys.stop()
    signal.close()
    nodes.close()
    await http.close()
    throw error
  }
  const shown = () =>
    governor.view?.nodes.map((node) => ({ ...node, isDrained: governor.view!.drained.has(node.id) })) ?? []
  const drain = async (id: string, isDrained: boolean): Promise<void> => {
    await nodes.drain(id, isDrained)
    await governor.refresh()
  }
  const told = toldOf(config, parts)
  const ofCalls = { ...parts, governor, requests, nodeId, firstId, now, timer, holdMs: HOLD_MS, told }
  const links = config.secret === undefined ? undefined : nodeLinks(config.secret, ofCalls)
  if (isEngine) links?.listenOn(http)
  let isEnding = false
  http.become(
    httpAppOf(config, {
      ...parts,
      admin: host,
      nodeId,
      isReady: () => !isEnding && governor.isJoined,
      nodes: { list: shown, drain },
      front: clusterFront({ ...ofCalls, forwarder, ownUrl: () => http.url, leadCalls: links?.leadCalls }),
    }),
  )
  const stop = async (): Promise<void> => {
    isEnding = true
    parts.watch?.stop()
    http.part()
    const parted = new Promise<void>((resolve) => timer(resolve, PARTED_MS))
    await governor.stop()
    await standbys.stop()
    // Whoever closes a connection may meet a request on it: by now most are closed by the clients.
    await parted
    forwarder.dismiss()
    await Promise.all([spaces.dismiss(), links?.stop(), http.close()])
    links?.close()
    forwarder.close()
    await spaces.stop()
    signal.close()
    nodes.close()
  }
  return { url: http.url, spaces, stop }
}
