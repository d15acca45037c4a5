import { describe, expect, it } from 'vitest'
import { mappingFault } from '../../../destinations/catalogue/mapping.ts'
import type { JsonObject } from '../../../src/model/json.ts'
import { DEFINITION } from './given.ts'

const [ACTION] = DEFINITION.actions

function faultOf(mapping: JsonObject): string | undefined {
  const fault = mappingFault(ACTION!, { email: 'x', ...mapping })
  return fault && `${fault.path.join('.')}: ${fault.message}`
}

function nested(levels: number): JsonObject {
  return levels === 0 ? {} : { inner: nested(levels - 1) }
}

describe('a mapping', () => {
  it.each([
    { email: { '@path': '$.traits.email' } },
    { email: { '@template': '{{traits.email}}' } },
    { email: { '@if': { exists: { '@path': '$.userId' }, then: { '@path': '$.userId' }, else: 'x' } } },
    { email: { '@replace': { pattern: 'a', replacement: 'b', value: { '@path': '$.userId' }, global: true } } },
    { email: { '@case': { operator: 'lower', value: 'X' } } },
    { email: { '@arrayPath': ['$.traits', { id: { '@path': '$.id' } }] } },
    { email: { '@liquid': '{{ traits.email | downcase }}', _metadata: { label: 'l' } } },
    { count: '12', mode: 'remove' },
    { count: { '@path': '$.n' }, __segment_internal_sync_mode: 'upsert' },
  ] as JsonObject[])('is fine: %j', (mapping) => {
    expect(faultOf(mapping)).toBeUndefined()
  })

  it.each([
    [{ other: 1 }, 'other: expected a field of addToList, got another'],
    [{ email: { '@pth': '$.x' } }, /^email: expected one of @path, .*, got @pth$/],
    [{ email: { '@path': '$.x', then: 1 } }, 'email: expected @path alone, got then beside it'],
    [{ email: { '@path': 7 } }, 'email.@path: expected the content that the kit asks for'],
    [{ email: { '@if': { then: 1 } } }, 'email.@if: expected the content that the kit asks for'],
    [{ email: { '@if': { exists: { '@nope': 1 } } } }, /^email.@if.exists: expected one of/],
    [{ email: '' }, 'email: expected a value, as addToList requires it, got none'],
    [{ count: true }, 'count: expected a integer, got a boolean'],
    [{ mode: 'replace' }, 'mode: expected one of add, remove, got another'],
    [{ email: nested(40) }, /: expected at most 32 levels, got more$/],
  ] as [JsonObject, string | RegExp][])('is refused by its place: %j', (mapping, expected) => {
    expect(faultOf(mapping)).toMatch(expected)
  })
})
