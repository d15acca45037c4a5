/** The flag by which the heap of a server grows. */
import { expect, it } from 'vitest'
import { letHeapGrow } from '../src/process/heap.ts'

it('grows to five times what a full collection leaves', () => {
  const flags: string[] = []
  letHeapGrow((given) => flags.push(given))
  expect(flags).toEqual(['--heap-growing-percent=400'])
})
