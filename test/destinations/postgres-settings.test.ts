/** The settings of a Postgres, its errors, and servers that are no Postgres. */
import { createServer, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import type { Destination } from '../../destinations/contract/destination.ts'
import { postgresDestination } from '../../destinations/postgres/postgres.ts'
import { serverOf } from '../../destinations/postgres/settings.ts'
import { failureOf, isOfOneRow } from '../../destinations/postgres/sql-state.ts'
import { parsePartialSettings, parseSettings } from '../../destinations/registry.ts'
import { makeCertificate } from '../support/certificates.ts'
import { identify } from './calls.ts'
import { listen, outcome, serveRaw } from './contract/loopback.ts'
import { contextWith } from './context.ts'

const PARTS = { host: 'db.example.com', database: 'shop', user: 'rollcall' }
const URL_OF_PARTS = 'postgresql://rollcall:secret@db.example.com/shop'

const parsed = (settings: object) => parseSettings(postgresDestination, settings)
const server = (settings: object) => serverOf(parsed(settings))

describe('settings', () => {
  it('come back with their defaults', () => {
    expect(parsed(PARTS)).toEqual({ ...PARTS, schema: 'rollcall', batchSize: 1_000, timeoutSeconds: 10 })
    expect(postgresDestination.limits(parsed(PARTS))).toEqual({ batchCalls: 1_000, timeoutMs: 10_000, gatherMs: 0 })
    expect(server(PARTS)).toEqual({ ...PARTS, port: 5432, password: '', tls: {} })
  })

  it.each([
    [URL_OF_PARTS, { ...PARTS, port: 5432, password: 'secret', tls: {} }],
    ['postgres://u:a%23b%40%20@[2001:db8::1]:6543/d', { host: '2001:db8::1', port: 6543, database: 'd', user: 'u', password: 'a#b@ ', tls: {} }], // prettier-ignore
    [`${URL_OF_PARTS}?sslmode=disable`, { tls: false }],
    [`${URL_OF_PARTS}?sslmode=require`, { tls: { rejectUnauthorized: false } }],
    [`${URL_OF_PARTS}?sslmode=verify-full`, { tls: {} }],
    ['postgresql://u@h/d', { host: 'h', user: 'u', password: '' }],
  ])('take a connection string: %s', (connectionString, expected) => {
    expect(server({ connectionString })).toMatchObject(expected)
  })

  it('say how a connection is encrypted', async () => {
    const { cert } = await makeCertificate()
    expect(server({ ...PARTS, tls: 'off' }).tls).toBe(false)
    expect(server({ ...PARTS, tls: 'require' }).tls).toEqual({ rejectUnauthorized: false })
    expect(server({ ...PARTS, tls: 'verify', ca: cert }).tls).toEqual({ ca: cert })
    expect(server({ ...PARTS, ca: `${cert}\n${cert}` }).tls).toEqual({ ca: `${cert}\n${cert}` })
  })

  it.each([
    [{}, 'connectionString'],
    [{ host: 'h' }, 'database'],
    [{ host: 'h', database: 'd' }, 'user'],
    [{ database: 'd', user: 'u' }, 'host'],
    [{ ...PARTS, host: '/var/run/postgresql' }, 'host'],
    [{ ...PARTS, host: '%2Fvar%2Frun' }, 'host'],
    [{ ...PARTS, host: 'h1,h2' }, 'host'],
    [{ ...PARTS, host: 'fe80::1%eth0' }, 'host'],
    [{ ...PARTS, host: '' }, 'host'],
    [{ ...PARTS, port: 0 }, 'port'],
    [{ ...PARTS, port: 65_536 }, 'port'],
    [{ ...PARTS, port: '5432' }, 'port'],
    [{ ...PARTS, database: '' }, 'database'],
    [{ ...PARTS, user: 'a\0b' }, 'user'],
    [{ ...PARTS, password: 'a\0b' }, 'password'],
    [{ ...PARTS, tls: 'prefer' }, 'tls'],
    [{ ...PARTS, ca: 'a' }, 'ca'],
    [{ ...PARTS, ca: '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----' }, 'ca'],
    [{ ...PARTS, schema: 'Rollcall' }, 'schema'],
    [{ ...PARTS, schema: 'a"; drop schema public; --' }, 'schema'],
    [{ ...PARTS, schema: 'pg_own' }, 'schema'],
    [{ ...PARTS, schema: 'information_schema' }, 'schema'],
    [{ ...PARTS, schema: 'a'.repeat(64) }, 'schema'],
    [{ ...PARTS, batchSize: 10_001 }, 'batchSize'],
    [{ ...PARTS, timeoutSeconds: 0 }, 'timeoutSeconds'],
    [{ ...PARTS, sslmode: 'require' }, 'sslmode'],
    [{ connectionString: 'mysql://u:secret@h/d' }, 'connectionString'],
    [{ connectionString: '/var/run/postgresql secret' }, 'connectionString'],
    [{ connectionString: 'socket:/var/run/postgresql?db=secret' }, 'connectionString'],
    [{ connectionString: 'postgresql://u:secret@/d' }, 'connectionString'],
    [{ connectionString: 'postgresql://u:secret@%2Ftmp/d' }, 'connectionString'],
    [{ connectionString: 'postgresql://u:secret@h' }, 'connectionString'],
    [{ connectionString: 'postgresql://h/secret' }, 'connectionString'],
    [{ connectionString: 'postgresql://u:secret%zz@h/d' }, 'connectionString'],
    [{ connectionString: 'postgresql://u:secret%00@h/d' }, 'connectionString'],
    [{ connectionString: 'postgresql://u:secret@h:1x/d' }, 'connectionString'],
    [{ connectionString: `${URL_OF_PARTS}#more` }, 'connectionString'],
    [{ connectionString: `${URL_OF_PARTS}?host=/tmp` }, 'connectionString'],
    [{ connectionString: `${URL_OF_PARTS}?sslrootcert=/etc/passwd` }, 'connectionString'],
    [{ connectionString: `${URL_OF_PARTS}?sslmode=prefer` }, 'connectionString'],
    [{ connectionString: URL_OF_PARTS, host: 'h' }, 'host'],
    [{ connectionString: URL_OF_PARTS, password: 'p' }, 'password'],
    [{ connectionString: `${URL_OF_PARTS}?sslmode=require`, tls: 'off' }, 'tls'],
  ])('are refused, and the secret is not told: %j', (settings, field) => {
    expect(() => parsed(settings)).toThrow(expect.objectContaining({ field: `settings.${field}` }))
    expect(() => parsed(settings)).not.toThrow(/secret/)
  })

  it('refuse certificates where none is checked', async () => {
    const { cert: ca } = await makeCertificate()
    for (const tls of ['off', 'require'])
      expect(() => parsed({ ...PARTS, tls, ca })).toThrow(expect.objectContaining({ field: 'settings.ca' }))
  })

  it('are whole but for the connection string, where that is elsewhere', () => {
    const known = { schema: 'audiences' }
    expect(parsePartialSettings(postgresDestination, known, ['connectionString'])).toEqual(known)
    expect(() => parsePartialSettings(postgresDestination, { host: 'h' }, ['connectionString'])).toThrow(
      expect.objectContaining({ field: 'settings.database' }),
    )
  })
})

describe('errors', () => {
  const failed = (code: string): Error => Object.assign(new Error('of somebody'), { name: 'error', code })

  const RETRYABLE = '08006 25006 40001 40P01 53100 53300 55P03 57014 57P01 57P02 57P03 58030 XX000 99999'
  const TERMINAL =
    '0A000 21000 22021 22P02 23505 23514 28000 28P01 3D000 3F000 42501 42601 42P01 42P07 42883 54000 P0001'
  const kinds = { retryable: RETRYABLE, terminal: TERMINAL }

  it.each(Object.entries(kinds).flatMap(([kind, codes]) => codes.split(' ').map((code) => [code, kind] as const)))(
    'of SQLSTATE %s are %s, without a word of theirs',
    (code, kind) => {
      const failure = failureOf(failed(code))
      expect(failure).toMatchObject({ kind, reason: `sqlstate_${code}` })
      expect(failure.message).toContain(code)
      expect(failure.message).not.toContain('somebody')
      expect(failure.cause).toBeUndefined()
    },
  )

  it('are those of one row, or of all', () => {
    const ofOne = ['22021', '23514', '54000', 'P0001', '08006', '42P01', '28P01', '40001'].filter((code) =>
      isOfOneRow(failed(code)),
    )
    expect(ofOne).toEqual(['22021', '23514', '54000', 'P0001'])
    expect(isOfOneRow(new Error('a'))).toBe(false)
  })

  it('of a socket are none of Postgres, though their codes are as long', () => {
    const broken = Object.assign(new Error('write'), { code: 'EPIPE', syscall: 'write' })
    expect(failureOf(broken)).toMatchObject({ kind: 'retryable', reason: 'connection_reset' })
  })

  it('of ours stay what they are', () => {
    const fault = new TypeError('a is not a function')
    expect(failureOf(fault)).toBe(fault)
  })
})

describe('a server that is no Postgres', () => {
  const { signal } = new AbortController()

  async function against(port: number): Promise<string> {
    const settings = { host: '127.0.0.1', port, database: 'd', user: 'u', tls: 'off' }
    const destination: Destination = postgresDestination.connect(parsed(settings), contextWith())
    const found = await outcome(destination.deliver(identify('u1'), signal))
    await destination.close!()
    return found
  }

  function message(kind: string, content: Buffer | string, length = Buffer.byteLength(content) + 4): Buffer {
    const header = Buffer.alloc(5)
    header.write(kind)
    header.writeUInt32BE(length, 1)
    return Buffer.concat([header, Buffer.from(content)])
  }

  const int32 = (value: number): Buffer => Buffer.from([0, 0, 0, value])
  const WELCOME = Buffer.concat([message('R', int32(0)), message('Z', 'I')])

  it.each([
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'retryable invalid_answer'],
    ['a kind of message that there is not', message('?', 'a'), 'retryable invalid_answer'],
    ['an authentication that there is not', message('R', int32(99)), 'retryable invalid_answer'],
    ['a message with less than its length', message('R', '', 3), 'retryable invalid_answer'],
    ['a message without its content', message('R', ''), 'retryable invalid_answer'],
    ['an error without its end', message('E', 'SERROR\0C28P01'), 'retryable invalid_answer'],
    ['an error with one zero too few', message('E', 'SERROR\0C28P01\0'), 'retryable invalid_answer'],
    ['an empty error', message('E', ''), 'retryable invalid_answer'],
    ['a message that never ends', message('N', 'S', 0x7fff_ffff), 'retryable invalid_answer'],
    ['an error of no kind', message('E', '\0'), 'retryable invalid_answer'],
    ['an error with a whole report', message('E', 'SFATAL\0C53300\0Mfull\0\0'), 'retryable sqlstate_53300'],
  ])('but answers with %s', async (_, answer, expected) => {
    const { port } = await serveRaw((socket) => socket.write(answer))
    expect(await against(port)).toBe(expected)
  })

  it('but takes each byte for a message of its own, is understood all the same', async () => {
    const { port } = await serveRaw((socket) => {
      for (const byte of message('E', 'SFATAL\0C53300\0Mfull\0\0')) socket.write(Buffer.from([byte]))
    })
    expect(await against(port)).toBe('retryable sqlstate_53300')
  })

  it('but talks for ever, is cut off', async () => {
    let isDone = false
    const notice = message('N', `SNOTICE\0M${'x'.repeat(100_000)}\0\0`)
    const { port } = await serveRaw((socket) => {
      socket.write(WELCOME)
      const talk = (): void => {
        while (!isDone && socket.write(notice));
        if (!isDone) socket.once('drain', talk)
      }
      talk()
    })
    try {
      expect(await against(port)).toBe('terminal answer_too_large')
    } finally {
      isDone = true
    }
  })

  it('but ends without a word, is tried again', async () => {
    const { port } = await serveRaw((socket) => socket.end())
    expect(await against(port)).toBe('retryable connection_reset')
  })

  it('is told nothing of the environment', async () => {
    vi.stubEnv('PGPASSWORD', 'of-the-environment')
    vi.stubEnv('PGSSLMODE', 'require')
    const told: Buffer[] = []
    const greet = (socket: Socket): void => {
      socket.on('data', (chunk: Buffer) => {
        told.push(chunk)
        socket.write(told.length === 1 ? message('R', int32(3)) : message('E', 'SFATAL\0C28P01\0Mno\0\0'))
      })
    }
    const { port } = await listen(createServer(greet))
    try {
      expect(await against(port)).toBe('terminal sqlstate_28P01')
      expect(Buffer.concat(told).toString()).not.toContain('environment')
      expect(told[1]).toEqual(message('p', '\0'))
    } finally {
      vi.unstubAllEnvs()
    }
  })
})
