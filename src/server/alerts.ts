/** Alerts of the server: looks at the health of all spaces now and then, and posts what has begun and ended. */
import type { Logger } from 'pino'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'
import type { AllowPrivate } from '../../destinations/contract/address-guard.ts'
import { AlertStates } from '../alerts/alert-states.ts'
import type { RunningHealth } from '../alerts/health.ts'
import { type CheckpointLimits, CHECKPOINT_LIMITS } from '../checkpoints/checkpoint-schedule.ts'
import { WRITER_LIMITS } from '../journal/writer.ts'
import type { SetTimer } from '../model/timer.ts'
import { numbersOf } from '../space/space.ts'
import { USER_AGENT } from '../worker/deliver.ts'
import { AlertPoster, type NoticeOutcome } from './alert-poster.ts'
import type { SpaceServer } from './space-server.ts'

export interface AlertSettings {
  readonly url: string
  /** None, or the newer first. */
  readonly secrets: readonly string[]
  readonly allowPrivate: AllowPrivate
  readonly sizePercent: number
  readonly sizeCount: number
}

export interface AlertWatchOptions {
  readonly settings: AlertSettings
  readonly checkpointLimits: CheckpointLimits | undefined
  /** Yields each space that runs or has failed; `server` is undefined for one that has failed. */
  readonly spaces: () => Iterable<{ readonly id: string; readonly server: SpaceServer | undefined }>
  readonly log: Logger
  readonly clock: () => number
  readonly timer: SetTimer
  readonly count: (result: NoticeOutcome) => void
}

const LOOK_MS = 5_000
const HOUR_MS = 3_600_000
/** A journal lags if so much of what may wait for it does. */
const LAG_SHARE = 0.25
/** A checkpoint is overdue after so many intervals, and no sooner than after five minutes. */
const OVERDUE_INTERVALS = 3
const OVERDUE_MS_MIN = 300_000
const FAULT_FOR_MS = 600_000

export class AlertWatch {
  readonly #options: AlertWatchOptions
  readonly #states: AlertStates
  readonly #poster: AlertPoster
  /** By id of the space: its last fault, epoch ms. */
  readonly #faults = new Map<string, number>()
  #cancel: () => void

  constructor(options: AlertWatchOptions) {
    const { settings, checkpointLimits = CHECKPOINT_LIMITS, log, clock, timer, count } = options
    this.#options = options
    this.#states = new AlertStates({
      sizePercent: settings.sizePercent,
      sizeCount: settings.sizeCount,
      waitingRequestsMax: WRITER_LIMITS.submissionsMax * LAG_SHARE,
      waitingBytesMax: WRITER_LIMITS.bytesMax * LAG_SHARE,
      checkpointWithinMs: Math.max(OVERDUE_MS_MIN, OVERDUE_INTERVALS * checkpointLimits.intervalMs),
      faultForMs: FAULT_FOR_MS,
    })
    this.#poster = new AlertPoster({
      url: settings.url,
      secrets: settings.secrets,
      http: createHttpClient({ allowPrivate: settings.allowPrivate, userAgent: USER_AGENT }),
      clock,
      timer,
      random: Math.random,
      count,
      onTrouble: ({ reason, message }) => log.warn({ reason }, `alerts: a notice has not arrived: ${message}`),
    })
    this.#cancel = timer(() => this.#look(), LOOK_MS)
  }

  /** The engine of a space is at fault. */
  faulted(spaceId: string): void {
    this.#faults.set(spaceId, this.#options.clock())
  }

  stop(): void {
    this.#cancel()
    this.#poster.stop()
  }

  #look(): void {
    const { spaces, clock, timer } = this.#options
    const at = clock()
    const health = Array.from(spaces(), ({ id, server }) => ({
      spaceId: id,
      faultAt: this.#faults.get(id),
      running: server && healthOf(server, at),
    }))
    for (const notice of this.#states.look(health, at)) this.#poster.post(notice)
    for (const [id, faultAt] of this.#faults) if (at - faultAt >= FAULT_FOR_MS) this.#faults.delete(id)
    this.#cancel = timer(() => this.#look(), LOOK_MS)
  }
}

function healthOf({ pipeline, delivery, openedAt, probe }: SpaceServer, now: number): RunningHealth {
  const { shard, registry, outbox, sizes, backlog, checkpointStatus, isJournalReachable } = pipeline
  // The answer is for the next look: a journal that nothing is written to would not be known to be gone.
  probe()
  const numberOf = numbersOf(shard)
  const audiences = registry.list('audience').flatMap(({ record: { id, source } }) => {
    const number = numberOf(source.type, source.key)
    if (number === undefined) return []
    const sizeBefore = sizes.at(number, now - HOUR_MS)
    return [{ id, key: source.key, size: sizes.now(number, now).count, sizeBefore }]
  })
  const destinations = Array.from(outbox.destinations(), ({ record }) => {
    return { id: record.id, name: record.name, isReachable: delivery.admin.status(record) !== 'Unreachable' }
  })
  const { waitingSince } = checkpointStatus ?? {}
  return {
    isJournalReachable,
    waitingRequests: backlog.submissions,
    waitingBytes: backlog.bytes,
    checkpoint: checkpointStatus && {
      ...checkpointStatus,
      // What a server before has left is not overdue yet.
      waitingSince: waitingSince === undefined ? undefined : Math.max(waitingSince, openedAt),
    },
    audiences,
    destinations,
  }
}
