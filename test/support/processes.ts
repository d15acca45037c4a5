/** The processes that work in a folder of the test's, and ports that are free. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that the kernel gives to clients. */
const PORTS = { from: 20_000, count: 12_000 }

/** Ids of the processes whose working directory is within the folder: a `redis-server` is in its own. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      const place = linkOf(`/proc/${id}/cwd`)
      return place === folder || place?.startsWith(`${folder}/`)
    })
    .map(Number)
}

/** Returns the process that a server's workers run in; undefined while none does. */
export function workersOf(server: number): number | undefined {
  return childrenOf(server, 'deliver')[0]
}

/** Returns the processes that a server has started with a command of its own program. */
export function childrenOf(server: number, command: 'deliver' | 'edge'): number[] {
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8').trim().split(' ')
  return children
    .filter((id) => id !== '' && readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0').includes(command))
    .map(Number)
}

export function signal(id: number, name: NodeJS.Signals): void {
  try {
    process.kill(id, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Returns the memory that a process holds, in MiB. */
export function residentMiB(id: number): number {
  const pages = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))
  return Number(pages?.[1]) / 1024
}

/** A port of 127.0.0.1 on which nobody listens, the same over several starts of a server. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count)
    const server = createServer()
    const found = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!found) continue
    const closed = once(server, 'close')
    server.close()
    await closed
    return port
  }
  throw new Error('no port of 127.0.0.1 is free')
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
