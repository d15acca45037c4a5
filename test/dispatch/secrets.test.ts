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

  it('needs keys of 32 bytes', () => {
    const whole = Buffer.alloc(KEY_BYTES)
    for (const length of [0, 16, 31, 33]) {
      expect(() => new Secrets(Buffer.alloc(length))).toThrow(RangeError)
      expect(() => new Secrets(whole, [whole, Buffer.alloc(length)])).toThrow(RangeError)
    }
  })
})

describe('a key that another has taken the place of', () => {
  const [oldest, older, present] = [1, 2, 3].map((byte) => Buffer.alloc(KEY_BYTES, byte)) as [Buffer, Buffer, Buffer]
  const rotated = new Secrets(present, [older, oldest])

  it('opens what it has sealed, for its owner alone', () => {
    for (const key of [oldest, older, present]) {
      const sealed = new Secrets(key).seal(SETTINGS, 'dst_1')
      expect(rotated.open(sealed, 'dst_1')).toEqual(SETTINGS)
      expect(() => rotated.open(sealed, 'dst_2')).toThrow('sealed settings: no key opens them')
    }
  })

  it('seals nothing more', () => {
    expect(new Secrets(present).open(rotated.seal(SETTINGS, 'dst_1'), 'dst_1')).toEqual(SETTINGS)
  })

  it('is not needed for what was sealed anew', () => {
    for (const key of [oldest, older]) {
      const sealed = rotated.reseal(new Secrets(key).seal(SETTINGS, 'dst_1'), 'dst_1')
      expect(new Secrets(present).open(sealed, 'dst_1')).toEqual(SETTINGS)
    }
  })

  it('leaves as it is what the present key has sealed, and what is empty', () => {
    const sealed = new Secrets(present).seal(SETTINGS, 'dst_1')
    expect(rotated.reseal(sealed, 'dst_1')).toBe(sealed)
    expect(rotated.reseal('', 'dst_1')).toBe('')
  })

  it('does not make readable what none of the keys opens', () => {
    const sealed = new Secrets(Buffer.alloc(KEY_BYTES, 9)).seal(SETTINGS, 'dst_1')
    expect(() => rotated.reseal(sealed, 'dst_1')).toThrow('sealed settings: no key opens them')
  })
})
