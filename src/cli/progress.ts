/** The progress of long work, on a terminal alone. */
import { SingleBar } from 'cli-progress'

/** Starts a bar; undefined if nobody looks on. @param total of what it counts */
export function startProgress(name: string, total: number): SingleBar | undefined {
  if (!process.stderr.isTTY) return undefined
  const bar = new SingleBar({ format: `${name} [{bar}] {percentage}% | {duration_formatted}`, hideCursor: true })
  bar.start(Math.max(1, total), 0)
  return bar
}
