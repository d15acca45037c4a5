/** Which parts can go with a checkpoint that is not kept: those that neither of the kept ones needs. */
import { expect, it } from 'vitest'
import { type Manifest, partsOnlyOf } from '../../src/checkpoints/checkpoint-parts.ts'

function manifest(number: number, pages: readonly number[], firstChunk: number, chunks: readonly number[]): Manifest {
  return { number, position: number, place: `1-${number}`, receivedAt: 0, pages, firstChunk, chunks }
}

it('are its manifest, its head, and what was written anew in both', () => {
  const dropped = manifest(5, [5, 5, 3, 5], 0, [2, 4, 5])
  const before = manifest(6, [6, 5, 3, 6], 1, [4, 6])
  const newest = manifest(7, [7, 7, 3, 6], 1, [7, 6])
  expect([...partsOnlyOf(dropped, [newest, before])]).toEqual([
    [5, ['manifest', 'head', 'page:0', 'page:3', 'chunk:2']],
    [2, ['chunk:0']],
  ])
})

it('are all of those that it alone has, where no other is kept', () => {
  expect([...partsOnlyOf(manifest(2, [1, 2], 0, [2]), [])]).toEqual([
    [2, ['manifest', 'head', 'page:1', 'chunk:0']],
    [1, ['page:0']],
  ])
})
