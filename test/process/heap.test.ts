/** Collections of a process that keeps little of much that it makes. */
import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const HEAP = new URL('../../dist/src/process/heap.js', import.meta.url).href

/** Objects live long enough to be taken for old, and are dropped then. Prints how many full collections that took. */
const PROGRAM = `
  import { PerformanceObserver, constants } from 'node:perf_hooks'
  import { setImmediate } from 'node:timers/promises'
  if (process.argv[2] === 'grow') (await import('${HEAP}')).letHeapGrow()
  let full = 0
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) full++
  }).observe({ entryTypes: ['gc'] })
  const kept = []
  for (let made = 0; made < 10_000_000; made++) {
    kept[made % 100_000] = { made, text: 'kept ' + made }
    if (made % 10_000 === 0) await setImmediate()
  }
  await setImmediate()
  console.log(full)
`

async function fullCollections(mode: 'grow' | 'as it is'): Promise<number> {
  const program = join(await mkdtemp(join(tmpdir(), 'rollcall-heap-')), 'program.mjs')
  await writeFile(program, PROGRAM)
  const { stdout } = await promisify(execFile)(process.execPath, [program, mode])
  return Number(stdout)
}

it('are fewer where the heap may grow', async () => {
  const [before, after] = [await fullCollections('as it is'), await fullCollections('grow')]
  expect(before).toBeGreaterThan(0)
  expect(after).toBeLessThan(before / 2)
})
