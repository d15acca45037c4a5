import { expect, it } from 'vitest'
import { Lease } from '../../src/cluster/lease.ts'

function leaseAt(now: number): { readonly lease: Lease; readonly moveTo: (instant: number) => void } {
  let at = now
  return { lease: new Lease(() => at, 100), moveTo: (instant) => (at = instant) }
}

it('is not held before it was extended', () => {
  expect(leaseAt(0).lease.isHeld).toBe(false)
})

it('lasts from the instant before the lock was asked for, not from when the answer came', () => {
  const { lease, moveTo } = leaseAt(1_000)
  moveTo(1_060)
  lease.extend(1_000)
  moveTo(1_099)
  expect(lease.isHeld).toBe(true)
  moveTo(1_100)
  expect(lease.isHeld).toBe(false)
})

it('is over when the lock was asked for too long ago', () => {
  const { lease } = leaseAt(1_000)
  lease.extend(900)
  expect(lease.isHeld).toBe(false)
})

it('says how long it lasts, and no less than nothing', () => {
  const { lease, moveTo } = leaseAt(1_000)
  expect(lease.leftMs).toBe(0)
  lease.extend(990)
  expect(lease.leftMs).toBe(90)
  moveTo(1_200)
  expect(lease.leftMs).toBe(0)
})

it('is not shortened by an answer that comes after a later one', () => {
  const { lease, moveTo } = leaseAt(1_000)
  lease.extend(1_000)
  lease.extend(950)
  moveTo(1_099)
  expect(lease.isHeld).toBe(true)
})

it('is over at once when it is ended, and begins again with the next lock', () => {
  const { lease } = leaseAt(1_000)
  lease.extend(1_000)
  lease.end()
  expect(lease.isHeld).toBe(false)
  lease.extend(1_000)
  expect(lease.isHeld).toBe(true)
})

it('never ends if it has no length', () => {
  const lease = new Lease(() => 1e15, Infinity)
  lease.extend(0)
  expect(lease.isHeld).toBe(true)
})
