/** `rollcall destinations`: those of a server, and the types that there are. */
import { describe, expect, it } from 'vitest'
import { listDestinations, listTypes, showType } from '../../src/cli/destinations.ts'
import { CONFIG } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const given = new TimedServer(Date.UTC(2026, 0, 31))

async function written(act: (write: (line: string) => void) => unknown): Promise<string> {
  const lines: string[] = []
  await act((line) => void lines.push(line))
  return lines.join('')
}

describe('the destinations of a server', () => {
  const { spaceId, accessToken } = CONFIG
  const list = () =>
    written((write) => listDestinations({ url: given.server.url, spaceId, accessToken, dataDirectory: 'none' }, write))

  it('are listed with their status and their deliveries', async () => {
    expect(await list()).toBe('')
    const settings = { url: 'http://127.0.0.1:9/' }
    const hook = await given.server.control('POST', 'destinations', { type: 'webhook', name: 'Hook', settings })
    const { id } = (hook.body['data'] as { destination: { id: string } }).destination
    await given.server.control('POST', `destinations/${id}/pause`)
    const audience = await given.audience('Seen', "event('Seen').count() >= 1")
    await given.server.control('POST', `audiences/${audience}/destination-connections`, { destination: { id } })
    await given.server.ingest('track', { userId: 'u1', event: 'Seen' })
    await given.server.control('POST', 'destinations', { type: 'console', name: 'Out' })
    expect(await list()).toBe(
      'Hook\twebhook\tDisabled\t1 waiting\t0 failed\nOut\tconsole\tConnected\t0 waiting\t0 failed\n',
    )
  })

  it('are those that the token opens', async () => {
    const client = { url: given.server.url, spaceId, accessToken: 'another', dataDirectory: 'none' }
    await expect(listDestinations(client, () => undefined)).rejects.toMatchObject({ code: 'authentication_error' })
  })
})

describe('the types', () => {
  it('are listed with why some are not offered, without those that are denied', async () => {
    const lines = (await written((write) => listTypes('', write))).trimEnd().split('\n')
    expect(lines[0]).toBe('webhook\tWebhooks\toffered')
    expect(lines).toContain('actions-braze-cloud\tBraze Cloud Mode (Actions)\toffered')
    expect(lines.find((line) => line.startsWith('actions-s3-csv'))).toMatch(/^actions-s3-csv\tAWS S3 CSV\toff: opens /)
    expect(lines.join('\n')).not.toContain('trade-desk')
  })

  it('are found by a part of a name or by a category', async () => {
    const lines = await written((write) => listTypes('BRAZE', write))
    expect(lines.match(/^\S+/gm)).toEqual(['actions-braze-cloud', 'actions-braze-cohorts'])
    expect((await written((write) => listTypes('Loyalty', write))).split('\n').length).toBeGreaterThan(3)
  })
})

describe('a type', () => {
  it('is shown with its settings, and a tool with its actions and their calls', async () => {
    const braze = await written((write) => showType('actions-braze-cloud', write))
    expect(braze).toMatch(/^actions-braze-cloud: Braze Cloud Mode \(Actions\)\n/)
    expect(braze).toMatch(/^ {2}api_key\* \(secret\): ./m)
    expect(braze).toMatch(/^ {2}updateUserProfile: Update User Profile \(identify\)$/m)
    expect(braze).toMatch(/^ {2}trackEvent: Track Event \(entered, exited, computed\)$/m)
    expect(braze).toMatch(/^ {4}external_id: /m)
    expect(await written((write) => showType('webhook', write))).toBe(
      [
        'webhook: Webhooks',
        'Posts each call to a URL as JSON, signed.',
        '',
        'settings (* must be given)',
        '  url*: Where calls are posted.',
        '  sharedSecret (secret): Signs each request. Two, with a space between, while one replaces the other; the first is the newer.',
        '  headers (secret): Sent with each request.',
        '  batchSize: Calls in a request. From 2 on, the body is an array.',
        '  requestsPerSecond: The most that are sent.',
        '  timeoutSeconds: How long an answer may take.',
        '',
      ].join('\n'),
    )
  })

  it('that there is not is refused with others', () => {
    expect(() => showType('braze', () => undefined)).toThrow(/^--type: expected one of .* such as actions-braze-cloud/)
  })
})
