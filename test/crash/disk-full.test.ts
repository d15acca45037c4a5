/** The disk under Redis is full, and then has space again: what was acknowledged is there, and it heals by itself. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Rig } from './harness/rig.ts'
import { say, within } from './harness/runs.ts'

const SIZE_BYTES = 24 * 1024 * 1024
const CANNOT_MOUNT = process.platform !== 'linux' || process.getuid?.() !== 0
if (CANNOT_MOUNT) console.warn('\n!!! only root can mount a small disk: the test of a full disk is SKIPPED !!!\n')
const HEALED_WITHIN_MS = 10_000

/** A small disk of its own, unmounted when the test is over. */
function smallDisk(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES}`, 'rollcall-test', directory])
  onTestFinished(() => {
    execFileSync('umount', [directory])
    rmSync(directory, { recursive: true })
  })
  return directory
}

/** Takes all that is left, whoever else is writing. */
function fill(path: string): void {
  expect(() => writeFileSync(path, Buffer.alloc(SIZE_BYTES))).toThrow('ENOSPC')
}

it.skipIf(CANNOT_MOUNT)('refuses input while the disk is full, and loses nothing', async () => {
  const disk = smallDisk()
  const rig = await Rig.begin('disk full', { redis: 'private', directory: join(disk, 'rig') })
  const load = rig.load()
  await load.acknowledged(50)
  const filler = join(disk, 'filler')
  fill(filler)
  await eventually(() => rig.refusesAndReads(), { timeout: within(20_000), interval: 50 })
  await eventually(() => expect(rig.server.output()).toContain('redis-server exited; restarting'))
  rmSync(filler)
  say(rig.story, `healed after ${Math.round(await rig.heals(HEALED_WITHIN_MS))} ms`)
  await rig.verify(load)
})
