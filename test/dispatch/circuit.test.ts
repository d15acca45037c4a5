/** When a destination is left alone. */
import { describe, expect, it } from 'vitest'
import { Circuit } from '../../src/dispatch/circuit.ts'

function missed(times: number, circuit = new Circuit(), now = 0): Circuit {
  for (let time = 0; time < times; time++) circuit.missed(now, 1)
  return circuit
}

describe('a circuit', () => {
  it('lets all through at first, and after a few misses', () => {
    expect(new Circuit().allows(0)).toBe('all')
    expect(missed(4).allows(0)).toBe('all')
    expect(missed(4).isOpen).toBe(false)
  })

  it('opens at the fifth miss in a row, and lets nothing through for a second', () => {
    const circuit = missed(5)
    expect([circuit.isOpen, circuit.notBefore]).toEqual([true, 1_000])
    expect([circuit.allows(999), circuit.allows(1_000)]).toEqual(['none', 'one'])
  })

  it('counts misses anew once somebody was there', () => {
    const circuit = missed(4)
    circuit.reached()
    expect(missed(4, circuit).isOpen).toBe(false)
    expect(missed(1, circuit).isOpen).toBe(true)
  })

  it('lets one delivery through to see, and no other until that is back', () => {
    const circuit = missed(5)
    circuit.probe()
    expect(circuit.allows(5_000)).toBe('none')
    circuit.reached()
    expect([circuit.isOpen, circuit.allows(0)]).toEqual([false, 'all'])
  })

  it('waits twice as long after each one that came back with nothing, up to five minutes', () => {
    const circuit = missed(5)
    const waits = Array.from({ length: 12 }, () => {
      const now = circuit.notBefore
      circuit.probe()
      circuit.missed(now, 1)
      return circuit.notBefore - now
    })
    expect(waits.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000])
    expect(waits.at(-1)).toBe(300_000)
  })

  it('does not wait longer for jobs that were under way when it opened', () => {
    const circuit = missed(5 + 7)
    expect([circuit.isOpen, circuit.notBefore]).toEqual([true, 1_000])
  })

  it('sees again once the job that was to see is lost', () => {
    const circuit = missed(5)
    circuit.probe()
    circuit.lost()
    expect(circuit.allows(1_000)).toBe('one')
  })
})

describe('a destination that asks to be left alone', () => {
  it('is, until its instant, and then gets all', () => {
    const circuit = new Circuit()
    circuit.wait(60_000)
    expect([circuit.allows(59_999), circuit.allows(60_000), circuit.isOpen]).toEqual(['none', 'all', false])
  })

  it('is not asked any sooner because it asks again for less', () => {
    const circuit = new Circuit()
    circuit.wait(60_000)
    circuit.wait(10_000)
    expect(circuit.notBefore).toBe(60_000)
  })

  it('is left alone though a job that was on its way before has arrived', () => {
    const circuit = new Circuit()
    circuit.wait(60_000)
    circuit.reached()
    expect([circuit.allows(59_999), circuit.allows(60_000)]).toEqual(['none', 'all'])
  })
})
