/** The setting that says where browsers reach the server, and what becomes of it. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readSettings } from '../../src/server/settings.ts'
import { startTestServer } from '../support/server.ts'

afterEach(() => vi.unstubAllEnvs())

function read(url: string): string | undefined {
  vi.stubEnv('PUBLIC_URL', url)
  return readSettings().PUBLIC_URL
}

describe('PUBLIC_URL', () => {
  it('is an address of https, or of this machine, without a slash at its end', () => {
    expect(read('')).toBeUndefined()
    expect(read('https://rollcall.example.com/')).toBe('https://rollcall.example.com')
    expect(read('https://example.com:8443/rollcall//')).toBe('https://example.com:8443/rollcall')
    expect(read('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080')
    expect(read('http://localhost:8080')).toBe('http://localhost:8080')
  })

  it.each([
    'rollcall.example.com',
    'ftp://example.com',
    'http://rollcall.example.com',
    'https://user@example.com',
    'https://example.com/?a=b',
    'https://example.com/#a',
  ])('is not %s', (url) => {
    expect(() => read(url)).toThrow(expect.objectContaining({ code: 'validation_error', field: 'PUBLIC_URL' }))
  })

  it('is where tools send users back to', async () => {
    const server = await startTestServer({ config: { publicUrl: 'https://example.com/rollcall' } })
    try {
      const settings = { oauth: { clientId: 'a', clientSecret: 'b' } }
      const made = await server.control('POST', 'destinations', { type: 'actions-intercom-cloud', settings })
      const { id } = (made.body['data'] as { destination: { id: string } }).destination
      const { body } = await server.control('POST', `destinations/${id}/authorize`)
      const { searchParams } = new URL((body['data'] as { url: string }).url)
      expect(searchParams.get('redirect_uri')).toBe('https://example.com/rollcall/oauth/callback')
    } finally {
      await server.stop()
    }
  })
})
