/** Lanes of audiences in the page of a profile. */
import { expect, it } from 'vitest'
import { type Lane, lanesOf } from '../../web/src/pages/profiles/lanes.ts'

const at = (minute: number): string => new Date(minute * 60_000).toISOString()
const audience = (value: boolean, changed?: number) => ({
  value,
  source_id: 'aud_1',
  ...(changed !== undefined && { updated_at: at(changed) }),
})
const turn = (minute: number, type: 'entered' | 'exited', key = 'a') => ({
  at: at(minute),
  key,
  type,
  cause: { kind: 'call' as const },
})
const SPAN = { from: 100 * 60_000, now: 200 * 60_000 }
const shown = ({ key, isIn, stretches }: Lane): string =>
  [
    `${key} ${isIn ? 'in' : 'out'}`,
    ...stretches.map(
      ({ from, to, isEntered, isLeft }) =>
        `${from / 60_000}${isEntered ? '+' : ''}..${to / 60_000}${isLeft ? '-' : ''}`,
    ),
  ].join(' ')
const lanes = (...given: Parameters<typeof lanesOf>): string[] => lanesOf(...given).map(shown)

it('has a lane for what somebody is in, and for what was left within the span', () => {
  const traits = { a: audience(true, 150), b: audience(false, 120), c: audience(false, 50), d: audience(false) }
  expect(lanes(traits, [turn(150, 'entered')], SPAN)).toEqual(['a in 150+..200', 'b out 120..120-'])
})

it('leaves out what is no audience', () => {
  expect(lanes({ plan: { value: true, source_id: 'default', updated_at: at(150) } }, [], SPAN)).toEqual([])
})

it('draws each time of being in', () => {
  const past = [turn(190, 'entered'), turn(170, 'exited'), turn(150, 'entered'), turn(180, 'exited', 'b')]
  expect(lanes({ a: audience(true, 190) }, past, SPAN)).toEqual(['a in 150+..170- 190+..200'])
})

it('begins at the edge what began before', () => {
  expect(lanes({ a: audience(true, 20) }, [], SPAN)).toEqual(['a in 100..200'])
  expect(lanes({ a: audience(false, 130) }, [turn(130, 'exited'), turn(20, 'entered')], SPAN)).toEqual([
    'a out 100..130-',
  ])
})

it('draws nothing before an exit whose entry is not kept', () => {
  expect(lanes({ a: audience(false, 130) }, [turn(130, 'exited')], SPAN)).toEqual(['a out 130..130-'])
})

it('draws someone as in since ever if there was no change', () => {
  expect(lanes({ a: audience(true) }, [], SPAN)).toEqual(['a in 100..200'])
})

it('sorts what is in first, the newest first', () => {
  const traits = { a: audience(false, 190), b: audience(true, 110), c: audience(true, 120) }
  expect(lanesOf(traits, [], SPAN).map(({ key }) => key)).toEqual(['c', 'b', 'a'])
})
