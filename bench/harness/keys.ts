/** The credentials of a server that a bench starts, as its environment and as headers. */
export const KEYS = { WRITE_KEY: 'write-key', ACCESS_TOKEN: 'access-token' }

export const AS_WRITER = basic(KEYS.WRITE_KEY)
export const AS_READER = basic(KEYS.ACCESS_TOKEN)
export const AS_ADMINISTRATOR = { authorization: `Bearer ${KEYS.ACCESS_TOKEN}` }

function basic(user: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:`).toString('base64')}` }
}
