import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claimsOf, loadOf, moveOf, type NodeLoad, standbyOf, weightOf } from '../../src/cluster/placement.ts'
import { propertyRuns } from '../support/runs.ts'

function node(id: string, ...weights: number[]): NodeLoad {
  return { id, weights: new Map(weights.map((weight, number) => [`${id}_${number}`, weight])) }
}

const someNodes = fc
  .array(fc.array(fc.double({ min: 1, max: 20, noNaN: true }), { maxLength: 12 }), { minLength: 1, maxLength: 6 })
  .map((loads) => loads.map((weights, number) => node(`n${number}`, ...weights)))

it('weighs a space by its calls and its profiles, an empty one too', () => {
  expect(weightOf({ callsPerSecond: 0, profiles: 0 })).toBe(1)
  expect(weightOf({ callsPerSecond: 50, profiles: 0 })).toBe(2)
  expect(weightOf({ callsPerSecond: 0, profiles: 50_000 })).toBe(2)
  expect(weightOf({ callsPerSecond: 25, profiles: 100_000 })).toBe(3.5)
})

describe('spaces that wait', () => {
  it('go to the least loaded, one after another', () => {
    const nodes = [node('a', 5), node('b', 2), node('c')]
    expect(['a', 'b', 'c'].map((id) => claimsOf(id, nodes, 3))).toEqual([0, 1, 2])
  })

  it('go to the first by id among nodes of one load, whatever their order', () => {
    const nodes = [node('b'), node('a')]
    expect(['a', 'b'].map((id) => claimsOf(id, nodes, 1))).toEqual([1, 0])
    expect(['a', 'b'].map((id) => claimsOf(id, [...nodes].reverse(), 1))).toEqual([1, 0])
  })

  it('go to nobody if there is none, and not to a node that is not among them', () => {
    expect(claimsOf('a', [], 3)).toBe(0)
    expect(claimsOf('stranger', [node('a')], 3)).toBe(0)
    expect(claimsOf('a', [node('a')], 0)).toBe(0)
  })

  it('are claimed each by one node', () => {
    fc.assert(
      fc.property(someNodes, fc.nat(30), (nodes, waiting) => {
        const claims = nodes.map(({ id }) => claimsOf(id, nodes, waiting))
        expect(claims.reduce((sum, count) => sum + count, 0)).toBe(waiting)
      }),
      propertyRuns(200),
    )
  })
})

describe('a space is moved', () => {
  it('from the most loaded node alone, and only one', () => {
    const nodes = [node('a', 1, 1, 1, 1), node('b', 1), node('c', 1, 1, 1)]
    expect(['a', 'b', 'c'].map((id) => moveOf(id, nodes))).toEqual([{ spaceId: 'a_0', to: 'b' }, undefined, undefined])
  })

  it('that leaves the two least apart', () => {
    expect(moveOf('a', [node('a', 1, 20, 9), node('b', 2)])).toEqual({ spaceId: 'a_2', to: 'b' })
  })

  it('not if that makes the other the more loaded one, or takes off too little', () => {
    expect(moveOf('a', [node('a', 10), node('b')])).toBeUndefined()
    expect(moveOf('a', [node('a', 1, 1), node('b', 1)])).toBeUndefined()
    expect(moveOf('a', [node('a', 10, 1), node('b', 9.5)])).toBeUndefined()
    expect(moveOf('a', [node('a', 10, 2), node('b', 8)])).toEqual({ spaceId: 'a_1', to: 'b' })
  })

  it('by one of two nodes of one load, if by any', () => {
    const nodes = [node('b', 1, 1, 1), node('a', 1, 1, 1), node('c')]
    expect(['a', 'b'].map((id) => moveOf(id, nodes))).toEqual([{ spaceId: 'a_0', to: 'c' }, undefined])
  })

  it('though it is small, as others may follow', () => {
    const small = Array.from({ length: 20 }, () => 1)
    expect(moveOf('a', [node('a', 60, ...small), node('b', 30, 30)])).toEqual({ spaceId: 'a_1', to: 'b' })
  })

  it('by the next node if the most loaded one has only a space that is larger than all others have', () => {
    const nodes = [node('a', 20), node('b', 3, 3, 3), node('c', 1)]
    expect(['a', 'b', 'c'].map((id) => moveOf(id, nodes))).toEqual([undefined, { spaceId: 'b_0', to: 'c' }, undefined])
  })

  it('not by a node that is alone, or not among them', () => {
    expect(moveOf('a', [node('a', 5, 5)])).toBeUndefined()
    expect(moveOf('stranger', [node('a', 5, 5), node('b')])).toBeUndefined()
    expect(moveOf('a', [])).toBeUndefined()
  })

  it('until none is: each move takes off the peak of the two, and none is taken back', () => {
    fc.assert(
      fc.property(someNodes, (given) => {
        const nodes = given.map(({ id, weights }) => ({ id, weights: new Map(weights) }))
        const spaces = nodes.reduce((sum, { weights }) => sum + weights.size, 0)
        const seen = new Set<string>()
        for (let moves = 0; ; moves++) {
          expect(moves).toBeLessThanOrEqual(spaces * nodes.length * 10)
          const movers = nodes.filter(({ id }) => moveOf(id, nodes) !== undefined)
          expect(movers.length).toBeLessThanOrEqual(1)
          const [from] = movers
          if (!from) break
          const move = moveOf(from.id, nodes)!
          const { spaceId: moved } = move
          const to = nodes.find(({ id }) => id === move.to)!
          expect(loadOf(to)).toBe(Math.min(...nodes.map(loadOf)))
          const peak = loadOf(from)
          to.weights.set(moved, from.weights.get(moved)!)
          from.weights.delete(moved)
          expect(Math.max(loadOf(from), loadOf(to))).toBeLessThan(peak)
          const state = nodes.map(({ weights }) => [...weights.keys()].sort().join()).join('|')
          expect(seen.has(state)).toBe(false)
          seen.add(state)
        }
      }),
      propertyRuns(200),
    )
  })
})

describe('the node that follows a space', () => {
  const spaces = Array.from({ length: 3_000 }, (_, number) => `space_${number}`)

  it('is the same for whoever asks, whatever the order of the nodes', () => {
    for (const space of spaces.slice(0, 100))
      expect(standbyOf(space, ['a', 'b', 'c'])).toBe(standbyOf(space, ['c', 'a', 'b']))
    expect(standbyOf('space', [])).toBeUndefined()
  })

  it('is each node about as often, and stays the same if others come and go', () => {
    const before = spaces.map((space) => standbyOf(space, ['a', 'b', 'c']))
    for (const id of ['a', 'b', 'c']) {
      const share = before.filter((chosen) => chosen === id).length / spaces.length
      expect(Math.abs(share - 1 / 3)).toBeLessThan(0.03)
    }
    for (const [index, space] of spaces.entries()) {
      if (before[index] !== 'c') expect(standbyOf(space, ['a', 'b'])).toBe(before[index])
      expect([before[index], 'd']).toContain(standbyOf(space, ['a', 'b', 'c', 'd']))
    }
  })
})

describe('two hundred spaces of unequal weights over three nodes', () => {
  /** Numbers from 0 to 1, of a seed (mulberry32). */
  function randomBy(seed: number): () => number {
    let state = seed >>> 0
    return () => {
      state = (state + 0x6d2b79f5) >>> 0
      let mixed = Math.imul(state ^ (state >>> 15), state | 1)
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    }
  }

  /** Draws weights of a Zipf distribution in random order, of which none is beyond what one of the nodes gets. */
  function weightsBy(seed: number, nodes: number): Map<string, number> {
    const random = randomBy(seed)
    for (;;) {
      const skew = random()
      const scale = 1 + 2_000 * random()
      const drawn = Array.from({ length: 200 }, (_, rank) => 1 + scale / (rank + 1) ** skew)
      const mean = drawn.reduce((sum, weight) => sum + weight, 0) / nodes
      if (Math.max(...drawn) > mean) continue
      const order = drawn.map((weight) => [random(), weight] as const).sort(([a], [b]) => a - b)
      return new Map(order.map(([, weight], number) => [`space_${number}`, weight]))
    }
  }

  /** Has nodes claim what waits, eight with a beat, and then move what they would until none is moved. */
  function settle(nodes: NodeLoad[], waiting: string[], weights: ReadonlyMap<string, number>): void {
    const give = (id: string, space: string): void => {
      const place = nodes.findIndex((node) => node.id === id)
      nodes[place] = { id, weights: new Map(nodes[place]!.weights).set(space, weights.get(space)!) }
    }
    while (waiting.length > 0) {
      const claims = nodes.map(({ id }) => [id, Math.min(8, claimsOf(id, nodes, waiting.length))] as const)
      for (const [id, count] of claims) for (const space of waiting.splice(0, count)) give(id, space)
    }
    for (;;) {
      const place = nodes.findIndex(({ id }) => moveOf(id, nodes) !== undefined)
      if (place < 0) return
      const { id, weights: held } = nodes[place]!
      const { spaceId: moved, to } = moveOf(id, nodes)!
      give(to, moved)
      nodes[place] = { id, weights: new Map([...held].filter(([space]) => space !== moved)) }
    }
  }

  /** Returns the greatest difference of a load from an even share, by that. */
  function unevenness(nodes: readonly NodeLoad[]): number {
    const loads = nodes.map(loadOf)
    const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length
    return Math.max(...loads.map((load) => Math.abs(load - mean) / mean))
  }

  it('lie within a fifth of even, also when a node has been lost', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(2), (seed, lost) => {
        const weights = weightsBy(seed, 3)
        const nodes = ['a', 'b', 'c'].map((id) => node(id))
        settle(nodes, [...weights.keys()], weights)
        expect(unevenness(nodes)).toBeLessThan(0.2)
        const [gone] = nodes.splice(lost, 1)
        settle(nodes, [...gone!.weights.keys()], weights)
        expect(unevenness(nodes)).toBeLessThan(0.2)
        expect(nodes.flatMap((one) => [...one.weights.keys()]).sort()).toEqual([...weights.keys()].sort())
      }),
      propertyRuns(50),
    )
  })
})
