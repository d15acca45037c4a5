import { describe, expect, it } from 'vitest'
import { decodeEntry, encodeEntry } from '../../src/journal/journal-codec.ts'

const ENTRY = {
  kind: 'requests' as const,
  receivedAt: 1_767_225_600_000,
  requests: ['{"userId":"u1"}', '', ' {"é":"\ud83d\ude00"}'].map((text) => ({
    endpoint: 'batch' as const,
    sourceId: 'web',
    body: Buffer.from(text),
  })),
}

describe('an entry as bytes', () => {
  it('comes back as it was', () => {
    expect(decodeEntry(encodeEntry(7, ENTRY))).toEqual({ position: 7, entry: ENTRY })
    const command = { kind: 'command' as const, receivedAt: 1, command: { query: '\ud800', n: -0.5 } }
    expect(decodeEntry(encodeEntry(8, command))).toEqual({ position: 8, entry: command })
  })

  it('is refused when any bit of it is another', () => {
    const bytes = encodeEntry(7, ENTRY)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => decodeEntry(damaged)).toThrow(/^journal: an entry/)
    }
  })

  it('is refused when it is cut short', () => {
    const bytes = encodeEntry(7, ENTRY)
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeEntry(bytes.subarray(0, length))).toThrow(/^journal: an entry/)
  })
})
