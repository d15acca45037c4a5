/** Triggers of Segment's mappings, as the calls that are made here. */
import { describe, expect, it } from 'vitest'
import { callsOfTrigger } from '../../src/segment/trigger.ts'

const TRACK = ['entered', 'exited', 'computed']

describe('a trigger', () => {
  it.each([
    ['type = "identify"', ['identify']],
    ['type = "track"', TRACK],
    ["type='group'", ['group']],
    ['type = "identify" or type = "track"', ['identify', ...TRACK]],
    ['type = "track" and event = "Audience Entered"', ['entered']],
    ['event = "Audience Exited"', ['exited']],
    ['type = "track" and event != "Audience Entered"', ['exited', 'computed']],
    [
      '(type = "identify") or (type = "track" and (event = "Audience Entered" or event = "Audience Exited"))',
      ['identify', 'entered', 'exited'],
    ],
    ['type = "track" AND !(event = "Trait Computed")', ['entered', 'exited']],
    ['type != "page"', ['identify', ...TRACK, 'group']],
    ['event = "Audience \\"Entered\\"" or event = "Trait Computed"', ['computed']],
  ])('%s is for %j', (text, calls) => {
    expect(callsOfTrigger(text, 'trigger')).toEqual(calls)
  })

  it.each([
    ['type = "page"', /none of the calls that are made here/],
    ['type = "track" and event = "Order Completed"', /none of the calls/],
    ['type = "track" and properties.plan = "pro"', /it looks at properties\.plan,/],
    ['contains(event, "Audience")', /it looks at contains,/],
    ['type = "identify" and event = "a" or event = "b"', /expected parentheses around `and` beside `or`/],
    ['', /expected conditions on type and event/],
    ['type = ', /expected conditions/],
    ['type = identify', /expected conditions/],
    ['type > "a"', /expected conditions/],
    ['(type = "identify"', /expected conditions/],
    ['type = "identify")', /expected conditions/],
    ['type = "identify" type = "track"', /expected conditions/],
    [`type = "${'a'.repeat(5_000)}"`, /at most 5000 characters/],
  ])('%j is not moved', (text, message) => {
    const read = () => callsOfTrigger(text, 'trigger')
    expect(read).toThrow(expect.objectContaining({ code: 'type_unsupported', field: 'trigger' }))
    expect(read).toThrow(message)
  })
})
