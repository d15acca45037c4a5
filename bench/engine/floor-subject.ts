/** The floor as a subject of the bench. */
import type { Subject } from '../harness/subject.ts'
import { Floor } from './floor.ts'

export function floorSubject(): Subject {
  const floor = new Floor()
  return {
    apply(entries, out) {
      for (const entry of entries) floor.apply(entry, out)
    },
    finish: (until, out) => floor.moveClock(until + 1, out),
  }
}
