/**
 * db-ivm of TanStack: views that follow each change of their inputs. Windows are rows that are taken back in time, and
 * traits are a row per profile that a later identify replaces.
 */
import type { ShopTraits } from '../engine/shop-call.ts'
import { type Fact, FactReader } from './facts.ts'
import { createViews, type Ivm } from './ivm-views.ts'
import { type Delta, WindowSchedule } from './ivm-windows.ts'
import { loadPackage } from './packages.ts'
import { noAnswers, type Peer } from './peer.ts'

export const IVM_PACKAGE = '@tanstack/db-ivm'

interface HeldTraits {
  readonly traits: ShopTraits
  readonly ts: number
}

export function ivmPeer(): Peer {
  /** By profile: the sum of its rows, so that one row or the difference of two may come in either order. */
  const values = new Map([...noAnswers().keys()].map((key) => [key, new Map<number, number>()]))
  const { graph, inputs } = createViews(loadPackage(IVM_PACKAGE) as Ivm, (key, [[profile, value], multiplicity]) => {
    const held = values.get(key)!
    const sum = (held.get(profile) ?? 0) + Number(value) * multiplicity
    if (sum === 0) held.delete(profile)
    else held.set(profile, sum)
  })
  const reader = new FactReader()
  const schedule = new WindowSchedule()
  const traitsOf = new Map<number, HeldTraits>()
  /** Deltas that wait for the refresh, by input. */
  const waiting = new Map<string, Delta[]>()

  function wait(input: string, delta: Delta): void {
    const deltas = waiting.get(input)
    if (deltas) deltas.push(delta)
    else waiting.set(input, [delta])
  }

  function identify({ profile, moment: { ts } }: Fact, traits: ShopTraits): void {
    const held = traitsOf.get(profile)
    if (held && ts < held.ts) return
    if (held) wait('traits', [[profile, held.traits], -1])
    wait('traits', [[profile, traits], 1])
    traitsOf.set(profile, { traits, ts })
  }

  return {
    take(entries) {
      for (const fact of reader.read(entries)) {
        if (fact.moment.traits) identify(fact, fact.moment.traits)
        else schedule.add(fact)
      }
    },
    nextWork: () => (waiting.size > 0 ? 0 : schedule.earliest),
    refresh(now) {
      schedule.takeDue(now, wait)
      if (waiting.size === 0) return
      for (const [input, deltas] of waiting) inputs.get(input)!.sendData(deltas)
      waiting.clear()
      graph.run()
    },
    answers() {
      const answers = noAnswers()
      for (const [key, held] of values)
        for (const [profile, value] of held)
          answers.get(key)!.set(reader.labels[profile]!, key === 'spend_30_days' ? value : true)
      return answers
    },
    close: () => undefined,
  }
}
