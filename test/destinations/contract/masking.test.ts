/** Secrets in what is shown of a destination. */
import { describe, expect, it } from 'vitest'
import { Masking, secretsIn } from '../../../destinations/contract/masking.ts'
import { MASK } from '../../../src/model/destination-admin.ts'

const SECRET = 'sk/live+42 "quoted"'
const masking = new Masking({ api_key: SECRET, oauth: { accessToken: 'token-of-oauth' }, pin: 'abc', account: 990_017 })

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

describe('a text', () => {
  it.each([
    ['as it is', `key=${SECRET}!`, `key=${MASK}!`],
    ['in a URL', `https://a.co/x?k=${encodeURIComponent(SECRET)}&b=1`, `https://a.co/x?k=${MASK}&b=1`],
    ['in a form', `${new URLSearchParams({ k: SECRET }).toString()}&b=1`, `k=${MASK}&b=1`],
    ['in JSON', JSON.stringify({ k: SECRET }), `{"k":"${MASK}"}`],
    ['within', 'Bearer token-of-oauth, and more', `Bearer ${MASK}, and more`],
    ['in base64', `x ${base64(SECRET)} y`, `x ${MASK} y`],
    ['in base64 of a user and a password', `x ${base64(`someone:${SECRET}`)} y`, `x ${MASK} y`],
    ['in base64 for URLs', Buffer.from(`ab:${SECRET}?>`).toString('base64url'), MASK],
    ['short, as a whole', 'abc', MASK],
  ])('has no secret: %s', (_how, text, shown) => {
    expect(masking.text(text)).toBe(shown)
  })

  it('keeps all else', () => {
    const texts = [
      'abcdef',
      'someone@example.com',
      base64('someone:else'),
      'https://a.co/v1/users/aud_3MWHVmP0mZb3UnQ',
      '',
    ]
    expect(texts.map((text) => masking.text(text))).toEqual(texts)
  })
})

describe('JSON', () => {
  it('has no secret in a value, a name or a number, however deep', () => {
    const value = { list: [{ [`x ${SECRET}`]: SECRET }, 990_017, 990_018], ok: true, none: null }
    expect(masking.json(value)).toEqual({ list: [{ [`x ${MASK}`]: MASK }, MASK, 990_018], ok: true, none: null })
  })
})

describe('a request', () => {
  const request = (headers: Record<string, string>) => ({ method: 'POST', url: 'https://a.co/', headers })
  const shown = (headers: Record<string, string>) => masking.requests([request(headers)])[0]!.headers

  it('has headers that authorize masked, whatever is in them, but for the scheme', () => {
    const unknown = 'something-renewed-meanwhile'
    expect(
      shown({
        Authorization: `Bearer ${unknown}`,
        authorization: `Klaviyo-API-Key ${unknown}`,
        'proxy-authorization': unknown,
        'X-Api-Key': unknown,
        'api-key': unknown,
        'Access-Token': unknown,
        DeveloperToken: unknown,
        Cookie: unknown,
        'X-Client-Secret': unknown,
      }),
    ).toEqual({
      Authorization: `Bearer ${MASK}`,
      authorization: `Klaviyo-API-Key ${MASK}`,
      'proxy-authorization': MASK,
      'X-Api-Key': MASK,
      'api-key': MASK,
      'Access-Token': MASK,
      DeveloperToken: MASK,
      Cookie: MASK,
      'X-Client-Secret': MASK,
    })
  })

  it('keeps other headers, signatures among them', () => {
    const headers = {
      'content-type': 'application/json',
      'Webhook-Signature': 'v1,AbCdEfGh',
      'X-Signature': 'a1b2c3d4',
    }
    expect(shown(headers)).toEqual(headers)
    expect(shown({ 'x-note': `of ${SECRET}` })).toEqual({ 'x-note': `of ${MASK}` })
  })

  it('has the address and the body masked', () => {
    const whole = { ...request({}), url: `https://a.co/${encodeURIComponent(SECRET)}`, body: { key: [SECRET] } }
    expect(masking.requests([whole])).toEqual([{ ...request({}), url: `https://a.co/${MASK}`, body: { key: [MASK] } }])
  })
})

describe('secrets', () => {
  it('are the settings of their names', () => {
    expect(secretsIn({ a: 1, b: 'x', c: { d: 2 } }, ['b', 'c', 'e'])).toEqual({ b: 'x', c: { d: 2 } })
  })

  it('of several words are masked one by one, if a word is long enough to be one', () => {
    const words = new Masking({ sharedSecret: 'the-newer-one the-older-one on' })
    expect(words.text('by the-older-one, on time')).toBe(`by ${MASK}, on time`)
  })
})
