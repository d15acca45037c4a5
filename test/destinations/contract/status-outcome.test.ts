/** The meaning of each status for a call, and the longest wait that a server may ask for. */
import { expect, it } from 'vitest'
import { statusOutcome } from '../../../destinations/contract/status-outcome.ts'

const NOW = Date.parse('Sun, 01 Mar 2026 12:00:00 GMT')

it.each([200, 201, 202, 204, 299])('%i has arrived', (status) => {
  expect(statusOutcome(status, { now: NOW, retryAfter: '5' })).toBeUndefined()
})

it.each([408, 425, 429, 500, 501, 502, 503, 504, 599])('%i is retried', (status) => {
  const outcome = statusOutcome(status, { now: NOW })
  expect(outcome).toMatchObject({ kind: 'retryable', reason: `status_${status}`, retryAfterMs: undefined })
})

it.each([300, 302, 400, 401, 403, 404, 410, 413, 422, 499])('%i is not retried', (status) => {
  const outcome = statusOutcome(status, { now: NOW, retryAfter: '5' })
  expect(outcome).toMatchObject({ kind: 'terminal', reason: `status_${status}`, retryAfterMs: undefined })
})

it.each([
  ['7', 7_000],
  [' 7 ', 7_000],
  ['0', 0],
  ['3600', 3_600_000],
  ['3601', 3_600_000],
  ['99999999999999999999', 3_600_000],
  ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['Sunday, 01-Mar-26 12:00:30 GMT', 30_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['Sun, 01 Mar 2099 12:00:00 GMT', 3_600_000],
  ['', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['Sun, 99 Mar 2026', undefined],
])('Retry-After: %s asks for %s ms', (retryAfter, retryAfterMs) => {
  expect(statusOutcome(429, { now: NOW, retryAfter })).toMatchObject({ retryAfterMs })
})
