import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packCalls, unpackCalls } from '../../src/link/packed-calls.ts'
import type { Call } from '../../src/model/call.ts'
import { parseBody, readRequest } from '../../src/model/read-request.ts'

function callsIn(batch: unknown, root: object = {}): Call[] {
  const body = Buffer.from(typeof batch === 'string' ? batch : JSON.stringify({ ...root, batch }))
  return readRequest('batch', parseBody(body)).calls.map(({ call }) => call)
}

/** Differs where anything does: the order of fields, -0, a field without a value. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([name, one]) => `${JSON.stringify(name)}:${textOf(one)}`)
      .join()}}`
  return Object.is(value, -0) ? '-0' : value === undefined ? 'undefined' : JSON.stringify(value)
}

const types = fc.constantFrom('track', 'page', 'screen', 'identify', 'group', 'alias')
const instants = fc.option(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  { nil: undefined },
)
const objects = fc.option(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { nil: undefined })
const calls = fc.array(
  fc.record({
    type: types,
    userId: fc.string({ minLength: 1 }).map((id) => `u${id}`),
    groupId: fc.constant('g1'),
    messageId: fc.option(fc.string(), { nil: undefined }),
    event: fc.string({ minLength: 1, unit: 'binary' }),
    name: fc.option(fc.string(), { nil: undefined }),
    timestamp: instants,
    sentAt: instants,
    properties: objects,
    context: objects,
    traits: objects,
  }),
  { maxLength: 5 },
)

describe('calls that were packed', () => {
  it('are what reading the body gives, to the last bit', () => {
    let packed = 0
    fc.assert(
      fc.property(calls, objects, instants, (batch, context, sentAt) => {
        const read = callsIn(batch, { context, sentAt })
        const bytes = packCalls(read)
        if (!bytes) return
        packed++
        expect(textOf(unpackCalls(bytes))).toBe(textOf(read))
      }),
    )
    expect(packed).toBeGreaterThan(0)
  })

  it('have their context in common as one object', () => {
    const batch = [1, 2].map((id) => ({ type: 'track', userId: `u${id}`, event: 'e' }))
    const [first, second] = unpackCalls(packCalls(callsIn(batch, { context: { page: { path: '/' } } }))!)
    expect(first!.context).toEqual({ page: { path: '/' } })
    expect(second!.context).toBe(first!.context)
  })

  it.each(['-0', '-0.0', '{"a":[-0]}', '"\\ud800"', '{"\\udfff":1}', '{"__proto__":1}', '{"constructor":"x"}'])(
    'are none that would come out otherwise: %s',
    (value) => {
      const text = `{"batch":[{"type":"track","userId":"u","event":"e","properties":{"p":${value}}}]}`
      expect(callsIn(text)).toHaveLength(1)
      expect(packCalls(callsIn(text))).toBeUndefined()
    },
  )

  it.each(['toJSON', 'hasOwnProperty', 'toString'])('are none with a field %s, by which objects are known', (name) => {
    expect(packCalls(callsIn([{ type: 'identify', userId: 'u', traits: { [name]: 'x' } }]))).toBeUndefined()
  })
})
