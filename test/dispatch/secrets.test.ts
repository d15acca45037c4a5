/** Secret settings where they are kept. */
import { describe, expect, it } from 'vitest'
import { KEY_BYTES, Secrets } from '../../src/dispatch/secrets.ts'

const secrets = new Secrets(Buffer.alloc(KEY_BYTES, 1))
const SETTINGS = { sharedSecret: 'hush', nested: ['ä', 1, null] }

describe('a sealed setting', () => {
  it('opens to what it was', () => {
    expect(secrets.open(secrets.seal(SETTINGS, 'dst_1'), 'dst_1')).toEqual(SETTINGS)
  })

  it('shows nothing of itself, and is another each time', () => {
    const [one, other] = [secrets.seal(SETTINGS, 'dst_1'), secrets.seal(SETTINGS, 'dst_1')]
    expect(Buffer.from(one, 'base64').includes('hush')).toBe(false)
    expect(one).not.toBe(other)
  })

  it('is empty where there is none', () => {
    expect(secrets.seal({}, 'dst_1')).toBe('')
    expect(secrets.open('', 'dst_1')).toEqual({})
  })

  it('does not open under another key, or for another destination', () => {
    const sealed = secrets.seal(SETTINGS, 'dst_1')
    expect(() => new Secrets(Buffer.alloc(KEY_BYTES, 2)).open(sealed, 'dst_1')).toThrow()
    expect(() => secrets.open(sealed, 'dst_2')).toThrow()
  })

  it('does not open where any byte of it is another, or the last is missing', () => {
    const bytes = Buffer.from(secrets.seal(SETTINGS, 'dst_1'), 'base64')
    for (let place = 0; place < bytes.length; place++) {
      const tampered = Buffer.from(bytes)
      tampered[place]! ^= 1
      expect(() => secrets.open(tampered.toString('base64'), 'dst_1'), `byte ${place}`).toThrow()
    }
    for (const length of [bytes.length - 1, 28, 16, 12, 1])
      expect(() => secrets.open(bytes.subarray(0, length).toString('base64'), 'dst_1'), `${length} bytes`).toThrow()
  })

  it('needs a key of 32 bytes', () => {
    for (const length of [0, 16, 31, 33]) expect(() => new Secrets(Buffer.alloc(length))).toThrow(RangeError)
  })
})
