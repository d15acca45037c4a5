/** Shows the progress of a recovery: a bar on a terminal, lines of the log elsewhere. */
import { SingleBar } from 'cli-progress'
import type { Logger } from 'pino'
import { PROGRESS_STEP, type RecoveryProgress } from '../space/recovery.ts'

export function showRecovery(log: Logger): (progress: RecoveryProgress) => void {
  const bars = new Map<RecoveryProgress['kind'], SingleBar>()
  return ({ kind, done, total }) => {
    if (!process.stderr.isTTY) {
      log.info({ kind, done, total }, 'recovering')
      return
    }
    let bar = bars.get(kind)
    if (!bar) {
      bar = new SingleBar({
        format: `recovering: ${kind} {bar} {value}/{total}`,
        clearOnComplete: true,
        stopOnComplete: true,
      })
      bar.start(total, 0)
      bars.set(kind, bar)
    }
    bar.update(done)
    if (total - done < PROGRESS_STEP) bar.stop()
  }
}
