/** A process that measures one subject and ends: so its CPU time and its memory are the subject's own. */
import { measureEngine } from './measure-engine.ts'
import { measurePeer } from './measure-peer.ts'
import type { Job } from './measured.ts'

process.once('message', (message) => {
  const job = message as Job
  void (job.kind === 'engine' ? measureEngine(job) : measurePeer(job)).then((measured) => {
    process.send!(measured, () => process.disconnect())
  })
})
