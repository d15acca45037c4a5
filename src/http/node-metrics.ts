/**
 * The counts of a node of a cluster, for Prometheus. A server by itself has none. Each node tells of itself, and of all
 * spaces as it knows them: a space is served if any node says so.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Present figures of a node. */
export interface NodeGauges {
  /** False while the cluster does not hear of it: it says nothing of the spaces then. */
  readonly isJoined: () => boolean
  readonly failedBeats: () => number
  /** Undefined before the first beat. */
  readonly own: () => OwnGauges | undefined
  /** The nodes that live. */
  readonly nodeCount: () => number
  /** All spaces that there are; true for those that a node serves which lives. */
  readonly spaces: () => ReadonlyMap<string, boolean>
  /** By space that this node has, the time that its lease lasts, ms. */
  readonly leases: () => ReadonlyMap<string, number>
}

/** A node as it told of itself with its last beat. */
export interface OwnGauges {
  /** True while it takes no spaces, and lets go of its own. */
  readonly isLeaving: boolean
  /** By space: its weight. */
  readonly weights: ReadonlyMap<string, number>
}

/** A space that was opened, by what became of its last owner; it may never have had one, or have been here before. */
export type SpaceOpening = 'new' | 'handed_over' | 'taken_over' | 'own'

/** A space that was closed: stored for its next owner, or because that is there already. */
export type SpaceClosing = 'handed_over' | 'lost'

/** A request that was led on. */
export interface ForwardedCount {
  readonly purpose: 'session' | 'space'
  readonly outcome: 'answered' | 'refused' | 'gone'
  /** The time in which nobody could be asked, or only in vain, ms. */
  readonly heldMs: number
}

export interface NodeMetrics {
  /** Shows the figures of the node from now on. */
  readonly follow: (gauges: NodeGauges) => void
  readonly countOpened: (after: SpaceOpening, durationMs: number) => void
  readonly countClosed: (as: SpaceClosing) => void
  readonly countForwarded: (request: ForwardedCount) => void
}

const OPENINGS: readonly SpaceOpening[] = ['new', 'handed_over', 'taken_over', 'own']
const CLOSINGS: readonly SpaceClosing[] = ['handed_over', 'lost']
/** From ten milliseconds to four minutes. */
const OPENING_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 240]
/** From a millisecond to more than the longest hold. */
const HELD_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The gauges of a node: name, help, and the present value; undefined: there is none yet. */
const NODE_GAUGES: readonly (readonly [string, string, (gauges: NodeGauges) => number | undefined])[] = [
  ['rollcall_node_joined', '1 while the cluster hears of this node.', ({ isJoined }) => (isJoined() ? 1 : 0)],
  ['rollcall_node_spaces', 'Spaces of this node.', ({ own }) => own()?.weights.size],
  ['rollcall_node_load', 'The load of this node: the weights of its spaces together.', ({ own }) => loadOf(own())],
  [
    'rollcall_node_leaving',
    '1 while this node takes no spaces and lets go of its own: it is drained, or ends.',
    ({ own }) => (own()?.isLeaving === true ? 1 : 0),
  ],
  [
    'rollcall_nodes',
    'Nodes that live, as this one knows.',
    ({ isJoined, nodeCount }) => (isJoined() ? nodeCount() : 0),
  ],
]

/** The gauges of each space: name, help, and the present values by space. */
const GAUGES_BY_SPACE: readonly (readonly [string, string, (gauges: NodeGauges) => ReadonlyMap<string, number>])[] = [
  [
    'rollcall_space_served',
    '1 if a node has the space, 0 if none has, as this node knows; nothing while it is not joined.',
    ({ isJoined, spaces }) =>
      new Map(isJoined() ? Array.from(spaces(), ([id, isServed]) => [id, isServed ? 1 : 0]) : []),
  ],
  [
    'rollcall_space_load',
    'The weight of a space of this node: one for itself, and more by its calls and users.',
    ({ own }) => own()?.weights ?? new Map<string, number>(),
  ],
  [
    'rollcall_lease_remaining_seconds',
    'The time for which this node may answer for a space without asking again.',
    ({ leases }) => new Map(Array.from(leases(), ([id, ms]) => [id, ms / 1000])),
  ],
]

export function addNode(registry: Registry): NodeMetrics {
  let followed: NodeGauges | undefined
  const current = () => followed
  addGauges(registry, current)
  addFailedBeats(registry, current)
  const [countOpened, countClosed] = moveCounters(registry)
  const countForwarded = forwardedCounter(registry)
  return {
    follow: (gauges) => {
      followed = gauges
      // A counter that begins with its first count would hide it from whoever compares with before.
      for (const after of OPENINGS) countOpened(after)
      for (const as of CLOSINGS) countClosed(as, 0)
    },
    countOpened,
    countClosed,
    countForwarded,
  }
}

function addGauges(registry: Registry, current: () => NodeGauges | undefined): void {
  const registers = [registry]
  for (const [name, help, valueOf] of NODE_GAUGES)
    new Gauge({
      name,
      help,
      registers,
      collect() {
        // Without labels, `reset` would show a zero.
        this.remove()
        const gauges = current()
        const value = gauges && valueOf(gauges)
        if (value !== undefined) this.set(value)
      },
    })
  for (const [name, help, valuesOf] of GAUGES_BY_SPACE)
    new Gauge({
      name,
      help,
      labelNames: ['space'],
      registers,
      collect() {
        this.reset()
        const gauges = current()
        if (gauges) for (const [space, value] of valuesOf(gauges)) this.set({ space }, value)
      },
    })
}

function addFailedBeats(registry: Registry, current: () => NodeGauges | undefined): void {
  new Counter({
    name: 'rollcall_beat_failures_total',
    help: 'Beats with which this node could not renew its locks, or not be heard of.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(current()?.failedBeats() ?? 0)
    },
  })
}

function moveCounters(
  registry: Registry,
): [opened: (after: SpaceOpening, durationMs?: number) => void, closed: (as: SpaceClosing, count?: number) => void] {
  const registers = [registry]
  const opened = new Counter({
    name: 'rollcall_spaces_opened_total',
    help: 'Spaces that this node has opened, by what became of their last owner: taken_over if it was lost.',
    labelNames: ['after'],
    registers,
  })
  const closed = new Counter({
    name: 'rollcall_spaces_closed_total',
    help: 'Spaces that this node has closed: handed over in order, or lost to another.',
    labelNames: ['as'],
    registers,
  })
  const duration = new Histogram({
    name: 'rollcall_space_opening_seconds',
    help: 'How long this node took to open a space.',
    buckets: OPENING_SECONDS,
    registers,
  })
  const countOpened = (after: SpaceOpening, durationMs?: number): void => {
    opened.inc({ after }, durationMs === undefined ? 0 : 1)
    if (durationMs !== undefined) duration.observe(durationMs / 1000)
  }
  return [countOpened, (as, count = 1) => closed.inc({ as }, count)]
}

function forwardedCounter(registry: Registry): NodeMetrics['countForwarded'] {
  const registers = [registry]
  const requests = new Counter({
    name: 'rollcall_forwarded_requests_total',
    help: 'Requests that were led on to the node of their space: answered, refused as nobody could, or given up by the client.',
    labelNames: ['purpose', 'outcome'],
    registers,
  })
  const held = new Histogram({
    name: 'rollcall_forwarded_held_seconds',
    help: 'The time for which a request was held while no node could answer it.',
    buckets: HELD_SECONDS,
    registers,
  })
  return ({ purpose, outcome, heldMs }) => {
    requests.inc({ purpose, outcome })
    held.observe(heldMs / 1000)
  }
}

function loadOf(own: OwnGauges | undefined): number | undefined {
  return own && Array.from(own.weights.values()).reduce((sum, weight) => sum + weight, 0)
}
