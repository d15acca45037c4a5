/** Deep JSON is refused by a scan of its bytes, before it is parsed. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BODY_DEPTH_MAX, parseJson } from '../../src/model/json-body.ts'
import { isNestedWithin } from '../../src/model/nesting.ts'

const DEPTHS = [10_000, 100_000, 1_000_000]

const DEEP: Readonly<Record<string, (depth: number) => string>> = {
  lists: (depth) => '['.repeat(depth) + ']'.repeat(depth),
  objects: (depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth),
  'lists that do not end': (depth) => '['.repeat(depth),
}

const PLACES: Readonly<Record<string, (deep: string) => string>> = {
  body: (deep) => deep,
  traits: (deep) => `{"type":"identify","userId":"u1","traits":{"a":${deep}}}`,
  properties: (deep) => `{"type":"track","userId":"u1","event":"Seen","properties":{"a":${deep}}}`,
  'the last item of a batch': (deep) => `{"batch":[{"type":"page","userId":"u1"},${deep}]}`,
  'what follows a string of brackets': (deep) => `["${'[\\"'.repeat(100)}",${deep}]`,
}

const CASES = Object.keys(DEEP).flatMap((kind) =>
  Object.keys(PLACES).flatMap((place) => DEPTHS.map((depth) => [depth, kind, place] as const)),
)

/** Bytes that count how often one of them is read. */
function counted(text: string): { readonly bytes: Uint8Array; readonly reads: () => number } {
  let reads = 0
  const bytes = new Proxy(new TextEncoder().encode(text), {
    get: (target, key) => {
      if (typeof key === 'string' && key !== 'length') reads++
      return Reflect.get(target, key, target) as unknown
    },
  })
  return { bytes, reads: () => reads }
}

afterEach(() => void vi.restoreAllMocks())

describe('a body', () => {
  it.each(CASES)('of %i levels of %s as %s is refused unparsed', (depth, kind, place) => {
    const body = new TextEncoder().encode(PLACES[place]!(DEEP[kind]!(depth)))
    const parse = vi.spyOn(JSON, 'parse')
    expect(() => parseJson(body)).toThrow(expect.objectContaining({ code: 'value_too_deep' }))
    expect(parse).not.toHaveBeenCalled()
  })
})

describe('the scan', () => {
  it.each(Object.keys(DEEP))('ends where %s are too deep, however much follows', (kind) => {
    const { bytes, reads } = counted(DEEP[kind]!(100_000))
    expect(isNestedWithin(bytes, BODY_DEPTH_MAX)).toBe(false)
    expect(reads()).toBeLessThan(10 * BODY_DEPTH_MAX)
  })

  it.each([
    ['a string', `"${'['.repeat(50_000)}"`],
    ['a string that does not end', `"${'['.repeat(50_000)}`],
    ['a string of escapes', `"${'\\"'.repeat(50_000)}"`],
    ['many strings', '""'.repeat(50_000)],
    ['lists side by side', '[]'.repeat(50_000)],
    ['closed lists', ']'.repeat(50_000)],
    ['bytes of neither', ' '.repeat(50_000)],
  ])('reads no byte more than twice of %s', (_, text) => {
    const { bytes, reads } = counted(text)
    expect(isNestedWithin(bytes, BODY_DEPTH_MAX)).toBe(true)
    expect(reads()).toBeLessThanOrEqual(2 * text.length)
  })
})
