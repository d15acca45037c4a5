/** Occurrences that pass, held apart: those that a look at all of them finds, whatever comes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OccurrenceState } from '../../../actors/funnels/occurrence-state.ts'
import { EventReader } from '../../../actors/packing/event-codec.ts'
import { NO_NAMES } from '../../../actors/packing/name-table.ts'
import { Scratch } from '../../../actors/packing/scratch.ts'
import type { Host } from '../../../actors/plan/host.ts'
import type { OccurrenceNode } from '../../../actors/plan/occurrence-node.ts'
import { propertyRuns } from '../../support/runs.ts'

/** Time goes on, an event comes so late, and then the verdicts on some of those held may be others. */
const step = fc.record({
  afterMs: fc.constantFrom(0, 1, 5, 90),
  lateMs: fc.constantFrom(0, 0, 1, 30, 200),
  passes: fc.boolean(),
  /** The verdict is the other one after so long; infinite if it lasts. */
  flipMs: fc.constantFrom(Infinity, Infinity, 1, 40, 500),
  isJudgedAgain: fc.boolean(),
  isPacked: fc.constantFrom(false, false, false, true),
})

const EVENT = { name: 'A', receivedAt: 0, sourceId: '', messageId: '', properties: {}, context: {} }
const RETENTION_MS = 400
const READER = { onFlip: () => undefined }

const hostAt = (now: number): Host => ({
  now,
  readTrait: () => undefined,
  occurrencesOf: () => undefined,
  keptEvents: () => [],
  windowsLack: () => undefined,
})

describe('the occurrences that pass', () => {
  it('are those of all held whose verdict says so, in event order', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
        const verdicts: { passes: boolean; flipAt: number }[] = []
        const node: OccurrenceNode = {
          kind: 'occurrences',
          id: 0,
          fields: [],
          judge: ({ arrival }, { now }, horizon) => {
            const { passes, flipAt } = verdicts[arrival]!
            if (flipAt > now) horizon.at = flipAt
            return flipAt > now ? passes : !passes
          },
          parents: [],
          streams: [],
          retention: RETENTION_MS,
        }
        let state = new OccurrenceState(node)
        let now = 1_000_000
        expect(state.passing).toEqual([])
        for (const [arrival, { afterMs, lateMs, passes, flipMs, isJudgedAgain, isPacked }] of steps.entries()) {
          for (const end = now + afterMs; state.dueAt <= end;) {
            now = state.dueAt
            state.advance(hostAt(now), READER)
            expect(state.dueAt).toBeGreaterThan(now)
          }
          now += afterMs
          verdicts.push({ passes, flipAt: now + flipMs })
          state.insert({ ...EVENT, ts: now - lateMs, arrival }, hostAt(now), READER)
          if (isJudgedAgain) {
            verdicts[arrival >> 1] = { passes: !passes, flipAt: Infinity }
            state.judgeAll(hostAt(now), READER)
          }
          if (isPacked) {
            const bytes = new Scratch()
            state.write(bytes)
            state = OccurrenceState.read(node, new EventReader(bytes.bytes, NO_NAMES, 0))
          }
          expect(state.passing).toEqual(state.occurrences.filter((occurrence) => occurrence.passes))
          const flips = state.occurrences.map(({ flipAt }) => flipAt)
          expect(state.dueAt).toBeLessThanOrEqual(Math.min(...flips))
        }
      }),
      propertyRuns(200),
    )
  })
})
