import { describe, expect, it } from 'vitest'
import { isNestedWithin } from '../../src/model/nesting.ts'
import { BATCH_CALLS_MAX, CALL_BYTES_MAX, parseBody, readRequest } from '../../src/model/read-request.ts'

const track = { type: 'track', userId: 'u1', event: 'E' }

function read(body: unknown, endpoint: 'track' | 'identify' | 'batch' = 'batch') {
  return readRequest(endpoint, parseBody(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))))
}

describe('the depth of a text', () => {
  it.each([
    ['[[]]', 2, true],
    ['[[[]]]', 2, false],
    ['[[],[],[]]', 2, true],
    ['{"a":{"b":[1]}}', 3, true],
    ['{"a":{"b":[1]}}', 2, false],
    ['["[[[[", "\\"[[[", "\\\\"]', 1, true],
    ['["\\\\", [[]]]', 2, false],
    ['"[[[', 0, true],
    ['', 0, true],
  ])('%s is within %i: %s', (text, depthMax, expected) => {
    expect(isNestedWithin(Buffer.from(text), depthMax)).toBe(expected)
  })
})

describe('a body', () => {
  it.each(['', '{', 'nonsense', '{"a":1}x'])('that is no JSON is refused: %j', (text) => {
    expect(() => parseBody(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'invalid_json' }) as Error)
  })

  it('that is not UTF-8 is refused', () => {
    expect(() => parseBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow(/UTF-8/)
  })

  it.each(['[]', '1', 'null', '"text"'])('that is no object is refused: %s', (text) => {
    expect(() => parseBody(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'not_an_object' }) as Error)
  })

  it('is refused for its depth before it is parsed', () => {
    const text = Buffer.from('['.repeat(1_000_000))
    expect(() => parseBody(text)).toThrow(expect.objectContaining({ code: 'value_too_deep' }) as Error)
  })
})

describe('a single call', () => {
  it('has the type of its endpoint', () => {
    expect(read({ userId: 'u1', event: 'E' }, 'track').calls).toMatchObject([
      { index: 0, call: { type: 'track', event: 'E', ids: [{ type: 'user_id', value: 'u1' }] } },
    ])
    expect(read({ type: 'track', userId: 'u1' }, 'identify').calls[0]!.call).toMatchObject({ type: 'identify' })
  })

  it('is refused with its code', () => {
    expect(() => read({ userId: 'u1' }, 'track')).toThrow(
      expect.objectContaining({ code: 'event_not_defined', field: 'event' }) as Error,
    )
  })
})

describe('a batch', () => {
  it('lets good calls in and rejects the others by place and code', () => {
    const { calls, rejected } = read({ batch: [track, { ...track, event: 7 }, null, [], track, { type: 'x' }] })
    expect(calls.map(({ index }) => index)).toEqual([0, 4])
    expect(rejected.map(({ index, code }) => `${index} ${code}`)).toEqual([
      '1 event_not_string',
      '2 not_an_object',
      '3 not_an_object',
      '5 unknown_type',
    ])
  })

  it('may be empty', () => {
    expect(read({ batch: [] })).toEqual({ calls: [], rejected: [] })
  })

  it.each([undefined, null, {}, 'x'])('without a list is refused: %j', (batch) => {
    expect(() => read({ batch })).toThrow(expect.objectContaining({ field: 'batch' }) as Error)
  })

  it('has at most 2,500 calls', () => {
    expect(read({ batch: Array.from({ length: BATCH_CALLS_MAX }, () => track) }).calls.length).toBe(2500)
    expect(() => read({ batch: Array.from({ length: BATCH_CALLS_MAX + 1 }, () => track) })).toThrow(
      expect.objectContaining({ code: 'payload_too_large' }) as Error,
    )
  })

  it('rejects a call that is larger than a call may be', () => {
    const large = { ...track, properties: { text: 'x'.repeat(CALL_BYTES_MAX) } }
    const { calls, rejected } = read({ batch: [track, large] })
    expect(calls.length).toBe(1)
    expect(rejected).toMatchObject([{ index: 1, code: 'payload_too_large' }])
  })

  it('says for all its calls what its root says; what a call says itself wins', () => {
    const [sentAt, ownSentAt] = ['2026-01-01T00:00:00Z', '2026-02-02T00:00:00Z']
    const own = { ...track, context: { b: 2 }, sentAt: ownSentAt }
    const batch = [track, own, { ...track, context: null, sentAt: null }]
    const { calls } = read({ context: { a: 1, b: 1 }, sentAt, batch })
    expect(calls.map(({ call }) => [call.context, call.sentAt])).toEqual([
      [{ a: 1, b: 1 }, Date.parse(sentAt)],
      [{ a: 1, b: 2 }, Date.parse(ownSentAt)],
      [{ a: 1, b: 1 }, Date.parse(sentAt)],
    ])
  })

  it('may not grow without bound by what its root says', () => {
    const context = { text: 'x'.repeat(30_000) }
    const batch = Array.from({ length: 1000 }, () => track)
    expect(() => read({ context, batch })).toThrow(expect.objectContaining({ code: 'payload_too_large' }) as Error)
  })

  it('takes keys of any name as data', () => {
    const item =
      '{"type":"identify","userId":"u1","context":{"__proto__":{"x":1}},"traits":{"__proto__":{"polluted":1}}}'
    const { calls } = read(
      `{"context":{"__proto__":{"polluted":1},"y":1},"batch":[${item}],"__proto__":{"polluted":1}}`,
    )
    expect(JSON.stringify(calls[0]!.call.context)).toBe('{"__proto__":{"x":1},"y":1}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(calls[0]!.call.context['polluted']).toBeUndefined()
  })
})
