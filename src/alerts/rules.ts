/** The rules: which alerts there are, by the health of a space at one instant. */
import type { Alert } from './alert.ts'
import type { AudienceHealth, CheckpointHealth, DestinationHealth, RunningHealth, SpaceHealth } from './health.ts'

export interface AlertLimits {
  /** A size has jumped if it differs from that of an hour ago by more than this percentage of that… */
  readonly sizePercent: number
  /** …and by more than so many members. */
  readonly sizeCount: number
  /** The journal lags if more requests, or more bytes, wait for it. */
  readonly waitingRequestsMax: number
  readonly waitingBytesMax: number
  /** A checkpoint is overdue if entries have waited for one for longer, ms. */
  readonly checkpointWithinMs: number
  /** A fault of the engine is told of for so long, ms. */
  readonly faultForMs: number
}

/** An alert without its space. */
type Found = Omit<Alert, 'spaceId'>

/** Lists the alerts of a space. @param at epoch ms */
export function alertsOf({ spaceId, faultAt, running }: SpaceHealth, limits: AlertLimits, at: number): Alert[] {
  const found = [...engineFault(running, faultAt, limits, at), ...(running ? runningAlerts(running, limits, at) : [])]
  return found.map((alert) => ({ ...alert, spaceId }))
}

function runningAlerts(running: RunningHealth, limits: AlertLimits, at: number): Found[] {
  return [
    ...journalLag(running, limits),
    ...checkpointTrouble(running.checkpoint, limits, at),
    ...running.audiences.flatMap((audience) => sizeJump(audience, limits)),
    ...running.destinations.flatMap(destinationFailing),
  ]
}

function engineFault(
  running: RunningHealth | undefined,
  faultAt: number | undefined,
  { faultForMs }: AlertLimits,
  at: number,
): Found[] {
  const about = { name: 'engine_fault', subject: '' } as const
  if (!running)
    return [{ ...about, summary: 'The space has failed and is being opened again', details: { reason: 'failed' } }]
  if (faultAt === undefined || at - faultAt >= faultForMs) return []
  const details = { reason: 'set_aside', lastAt: new Date(faultAt).toISOString() }
  return [
    { ...about, summary: 'Something was set aside through a fault of the server; the log has the cause', details },
  ]
}

function journalLag(
  { isJournalReachable, waitingRequests, waitingBytes }: RunningHealth,
  { waitingRequestsMax, waitingBytesMax }: AlertLimits,
): Found[] {
  const about = { name: 'journal_lag', subject: '' } as const
  const counts = { waitingRequests, waitingBytes }
  if (!isJournalReachable)
    return [
      { ...about, summary: 'The Redis of the journal does not answer', details: { reason: 'unreachable', ...counts } },
    ]
  if (waitingRequests <= waitingRequestsMax && waitingBytes <= waitingBytesMax) return []
  const summary = `${waitingRequests} requests of ${waitingBytes} bytes wait for the journal`
  return [{ ...about, summary, details: { reason: 'waiting', ...counts } }]
}

function checkpointTrouble(
  checkpoint: CheckpointHealth | undefined,
  { checkpointWithinMs }: AlertLimits,
  at: number,
): Found[] {
  if (!checkpoint) return []
  const { waitingSince, isFailing } = checkpoint
  const about = { name: 'checkpoint', subject: '' } as const
  const details = waitingSince === undefined ? {} : { waitingSince: new Date(waitingSince).toISOString() }
  if (isFailing)
    return [{ ...about, summary: 'The last checkpoint has failed', details: { reason: 'failing', ...details } }]
  if (waitingSince === undefined || at - waitingSince <= checkpointWithinMs) return []
  const minutes = Math.floor((at - waitingSince) / 60_000)
  const summary = `No checkpoint has been made for ${minutes} minutes`
  return [{ ...about, summary, details: { reason: 'overdue', ...details } }]
}

function sizeJump({ id, key, size, sizeBefore }: AudienceHealth, { sizePercent, sizeCount }: AlertLimits): Found[] {
  if (sizeBefore === undefined) return []
  const change = Math.abs(size - sizeBefore)
  if (change <= sizeCount || change * 100 <= sizeBefore * sizePercent) return []
  const summary = `The audience ${key} has ${size} members, and had ${sizeBefore} an hour ago`
  return [{ name: 'audience_size', subject: id, summary, details: { audienceId: id, key, size, sizeBefore } }]
}

function destinationFailing({ id, name, isReachable }: DestinationHealth): Found[] {
  if (isReachable) return []
  const summary = `The destination ${name} cannot be reached`
  return [{ name: 'destination_failing', subject: id, summary, details: { destinationId: id, name } }]
}
