/** Curve: the cost of a call and the bytes of a profile against the number of profiles, each in its own process. */
import { handOver, runApart } from './apart.ts'
import { type Chart, pointsOf } from './chart.ts'
import type { SpaceFigures } from './profile-count.ts'
import { SIZES } from './sizes.ts'

const PROFILES = [10_000, 100_000, 500_000, 1_000_000, 2_000_000].filter((count) => count <= SIZES.PLOTS_PROFILES_MAX)

const figures: SpaceFigures[] = []
for (const count of PROFILES)
  figures.push(await runApart<SpaceFigures>(new URL('./profile-count.js', import.meta.url), [String(count)]))
const chart: Chart = {
  name: 'profiles',
  title: 'Does a call cost more, or a profile take more, among more profiles?',
  x: 'profiles',
  panels: [
    {
      y: 'CPU µs per call',
      lines: [
        {
          label: 'journalled and applied',
          points: pointsOf(
            PROFILES,
            figures.map(({ cost }) => cost),
          ),
        },
      ],
    },
    {
      y: 'bytes per profile',
      isLog: true,
      lines: [
        {
          label: 'resident set, all of it',
          points: pointsOf(
            PROFILES,
            figures.map(({ resident }) => resident),
          ),
        },
        {
          label: 'users in memory, off the heap',
          points: pointsOf(
            PROFILES,
            figures.map(({ users }) => users),
          ),
        },
      ],
    },
  ],
}
handOver(chart)
