/** Two servers on one space: the older can append nothing more, says why, and ends; also where it was asleep. */
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Load } from './harness/load.ts'
import { Rig } from './harness/rig.ts'
import { IS_FULL, within } from './harness/runs.ts'

const ENDED_WITHIN_MS = 10_000

/** A server that is at work is covered in test/server too. */
const OLDER = [
  { name: 'was asleep meanwhile', isAsleep: true },
  ...(IS_FULL ? [{ name: 'is at work', isAsleep: false }] : []),
]

it.each(OLDER)('the older of two servers, which $name, ends', async ({ name, isAsleep }) => {
  const rig = await Rig.begin(`two servers, the older ${name}`, { redis: 'own' })
  const older = rig.server
  const ofOlder = rig.load()
  await ofOlder.acknowledged(100)
  if (isAsleep) older.child.kill('SIGSTOP')
  const newer = rig.launch({}, { PORT: '0' }, 'newer')
  const url = await newer.ready
  const ofNewer = new Load({ url, writeKey: 'write-key-1', calls: rig.calls, chance: rig.chance })
  try {
    await ofNewer.acknowledged(50)
    if (isAsleep) older.child.kill('SIGCONT')
    await eventually(() => expect(older.child.exitCode).toBe(1), { timeout: within(ENDED_WITHIN_MS) })
    expect(older.output()).toContain('another server has taken over the journal')
    // What only the older was told, and refused, is sent to the newer now.
    await ofOlder.end()
    ofNewer.adopt(ofOlder)
    await ofNewer.drain()
  } finally {
    await ofNewer.end()
  }
  rig.url = url
  await rig.verifyCounts()
  expect(ofOlder.strangeOutcomes()).toEqual([])
})
