/** The machine of the figures: without it they mean nothing. */
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'

export function describeMachine(): string {
  const cores = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cores[0]?.model.trim() ?? 'unknown CPU'}, ${cores.length} cores, ${memory}, node ${process.version}, commit ${commit()}`
}

/** Returns the date of the commit, ISO 8601; the clock is not asked, as one commit gives one date. */
export function commitDate(): string {
  try {
    return git('show', '--no-patch', '--format=%cI', 'HEAD')
  } catch {
    return 'unknown'
  }
}

/** The short hash, marked where the working tree differs from it. */
export function commit(): string {
  try {
    const hash = git('rev-parse', '--short', 'HEAD')
    return git('status', '--porcelain') === '' ? hash : `${hash} with changes`
  } catch {
    return 'unknown'
  }
}

function git(...words: string[]): string {
  return execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}
