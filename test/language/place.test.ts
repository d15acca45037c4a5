/** The place where a query is being written. A bar marks it. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { lex } from '../../src/language/lexer.ts'
import { layOutQuery } from '../../src/language/lay-out.ts'
import { placeAfter } from '../../src/language/place.ts'
import { propertyRuns } from '../support/runs.ts'
import { arbitrarySample } from './arbitrary-query.ts'

function placeIn(text: string) {
  return placeAfter(text.slice(0, text.indexOf('|')))
}

describe('the events that enclose a place', () => {
  test.each([
    ['|', []],
    ["event('A')|", []],
    ["event('A').where(|", ['A']],
    ["event('A').where({|", ['A']],
    ["event('A').where( property('p') = 1 )|", []],
    ["event('A').where( property('p') = 1 ).sum(|", ['A']],
    ["event('A').where( property('p').one_of(|", ['A']],
    ["event('A').where( NOT event('B').where( property(|", ['A', 'B']],
    ["event('A').where( event('B').where( property('p') = 1 ).count() >= 1 AND |", ['A']],
    ["event('A').where( event('B').where( event('C').last(|", ['A', 'B', 'C']],
    ["event('A').count() >= 1 AND event('B').where(|", ['B']],
    ["event('A').count() >= 1 AND trait('t').one_of(|", []],
    ['event("It\'s \\"A\\"").where(|', ['It\'s "A"']],
    ["event(').where(').where(|", [').where(']],
    ["event('A').within(7 days).where(|", ['A']],
    [')))|', []],
    ['where(|', []],
    ['event(|', []],
  ])('of %s', (text, events) => {
    expect(placeIn(text).events).toEqual(events)
  })
})

describe('the string that is being written', () => {
  test.each([
    ["event('|", { start: 7, of: 'event', isOfParent: false, delimiter: "'" }],
    ["event('Order C|", { start: 7, of: 'event', isOfParent: false, delimiter: "'" }],
    ['trait("it\\"s|', { start: 7, of: 'trait', isOfParent: false, delimiter: '"' }],
    ["event('A').where( property('|", { start: 28, of: 'property', isOfParent: false, delimiter: "'" }],
    ["event('A').where( event('B').where( property(parent: 'p|", { of: 'property', isOfParent: true }],
    ["event('A').sources({exclude: '|", { of: 'sources', isOfParent: false }],
    ["trait('t') = 'x|", { of: '', isOfParent: false }],
  ])('in %s', (text, string) => {
    expect(placeIn(text).string).toMatchObject(string)
  })

  test.each(['|', "event('A')|", "event('A').where(property('p') = |"])('is none in %s', (text) => {
    expect(placeIn(text).string).toBeUndefined()
  })
})

it('has in every query that reads as many events as its properties ask for, and none at its end', () => {
  fc.assert(
    fc.property(arbitrarySample(), ({ query }) => {
      const text = layOutQuery(query)
      const tokens = lex(text)
      for (const [index, { text: word, kind, offset }] of tokens.entries()) {
        if (kind !== 'word' || !['property', 'context'].includes(word)) continue
        const { events, string } = placeAfter(text.slice(0, offset))
        expect(string).toBeUndefined()
        expect(events.length).toBeGreaterThanOrEqual(tokens[index + 2]?.text === 'parent' ? 2 : 1)
      }
      expect(placeAfter(text)).toEqual({ events: [], string: undefined })
    }),
    propertyRuns(300),
  )
})
