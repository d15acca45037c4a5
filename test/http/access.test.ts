/** Tokens that were good before are known by their digests, and by nothing else. */
import { describe, expect, it } from 'vitest'
import { Access, digestOf } from '../../src/http/access.ts'
import type { SpaceToken } from '../../src/model/role.ts'

function accessWith(tokens: Map<string, SpaceToken>): Access {
  const space = { id: 'spa_1', tokenOf: (digest: string) => tokens.get(digest) }
  return new Access({ installation: new Map(), given: undefined, spaces: () => [space] })
}

const token = (id: string): SpaceToken => ({ id, role: 'viewer' })

describe('a token', () => {
  it('is refused once it is revoked, and good again once it is given again, however often it was seen', () => {
    const tokens = new Map([[digestOf('secret'), token('tok_1')]])
    const access = accessWith(tokens)
    const opens = (): boolean => access.opens('secret', 'spa_1')
    expect([opens(), opens()]).toEqual([true, true])
    tokens.clear()
    expect([opens(), opens()]).toEqual([false, false])
    tokens.set(digestOf('secret'), token('tok_2'))
    expect(access.grantOf('secret')).toEqual({ tokenId: 'tok_2', role: 'viewer', spaceId: 'spa_1' })
  })

  it('opens its own space alone, and that of the installation opens all', () => {
    const tokens = new Map([[digestOf('secret'), token('tok_1')]])
    const space = { id: 'spa_1', tokenOf: (digest: string) => tokens.get(digest) }
    const installation = new Map([['of the installation', 'administrator']])
    const access = new Access({ installation, given: undefined, spaces: () => [space] })
    expect([access.opens('secret', 'spa_1'), access.opens('secret', 'spa_2')]).toEqual([true, false])
    expect(access.opens('of the installation', 'spa_2')).toBe(true)
  })

  it('is good beside more others than are remembered', () => {
    const names = Array.from({ length: 1_500 }, (_, nth) => `secret-${nth}`)
    const access = accessWith(new Map(names.map((name) => [digestOf(name), token(name)])))
    for (let round = 0; round < 2; round++)
      expect(names.filter((name) => access.grantOf(name)?.tokenId !== name)).toEqual([])
    expect(access.grantOf('another')).toBeUndefined()
  })
})
