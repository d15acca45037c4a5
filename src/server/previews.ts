/** Previews of the server, put together: over its space, in turns of its event loop. */
import { randomInt } from 'node:crypto'
import { numbersOf } from '../space/space.ts'
import { setTimer, type SetTimer } from '../model/timer.ts'
import { traitValue } from '../profile-api/traits.ts'
import type { Pipeline } from '../space/pipeline.ts'
import { walkContextOf } from './exports.ts'
import { Previews } from '../space/previews.ts'

export function previewsOf(
  pipeline: Pipeline,
  { clock, timer = setTimer }: { readonly clock: () => number; readonly timer: SetTimer | undefined },
): Previews {
  const { shard, registry, reads } = pipeline
  const numberOf = numbersOf(shard)
  return new Previews({
    timer,
    context: {
      ...walkContextOf(pipeline),
      clock,
      random: (bound) => randomInt(bound),
      numberOf: (id) => {
        const source = registry.find(id, 'audience')?.source
        return source && numberOf(source.type, source.key)
      },
      traitOf: (actor, name) => {
        const collection = actor.kind === 'user' ? 'users' : 'accounts'
        return traitValue(actor, collection, reads.catalogue(), name)
      },
    },
  })
}
