/** The keys of secrets: those of the environment, the file that is made, and a server that is started with another. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rotateSecrets } from '../../src/cli/secrets.ts'
import { KEY_BYTES, Secrets } from '../../src/dispatch/secrets.ts'
import type { SpaceCommand } from '../../src/model/space-command.ts'
import { beginRotation, endRotation, openSecrets } from '../../src/server/secrets-keys.ts'
import { readSettings } from '../../src/server/settings.ts'
import { memoryDelivery } from '../support/memory-delivery.ts'
import { MemoryJournal } from '../support/memory-journal.ts'
import { CONFIG, startTestServer, type TestServer } from '../support/server.ts'

const [former, present, other] = [1, 2, 3].map((byte) => Buffer.alloc(KEY_BYTES, byte)) as [Buffer, Buffer, Buffer]
const SETTINGS = { sharedSecret: 'a-secret-of-the-webhook' }

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-secrets-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function opened(key?: Buffer, previous: readonly string[] = []): Promise<Secrets> {
  return (await openSecrets({ dataDirectory: directory, key: key?.toString('base64'), previous })).secrets
}

describe('the key of the environment', () => {
  it('is 32 bytes in base64, as are those of before', async () => {
    const sealed = new Secrets(former).seal(SETTINGS, 'dst_1')
    const secrets = await opened(present, [other.toString('base64'), former.toString('base64')])
    expect(secrets.open(sealed, 'dst_1')).toEqual(SETTINGS)
    expect(readdirSync(directory)).toEqual([])
    await expect(opened(Buffer.alloc(31))).rejects.toMatchObject({
      field: 'SECRETS_KEY',
      message: 'SECRETS_KEY: expected 32 bytes in base64, got 31 bytes',
    })
    await expect(opened(present, [former.toString('base64'), ''])).rejects.toMatchObject({
      field: 'SECRETS_KEY_PREVIOUS',
      message: 'SECRETS_KEY_PREVIOUS: expected each 32 bytes in base64, got 0 bytes',
    })
  })
})

describe('the key in the data directory', () => {
  it('is made once, for its owner alone', async () => {
    const sealed = (await opened()).seal(SETTINGS, 'dst_1')
    expect((await opened()).open(sealed, 'dst_1')).toEqual(SETTINGS)
    expect(readdirSync(directory)).toEqual(['secrets.key'])
    expect(statSync(join(directory, 'secrets.key')).mode & 0o777).toBe(0o600)
  })

  it('is not made anew where its file is damaged', async () => {
    writeFileSync(join(directory, 'secrets.key'), '')
    await expect(opened()).rejects.toThrow(/secrets\.key: expected 32 bytes in base64, got 0 bytes$/)
  })

  it('is rotated: both open until that has ended, and it goes on wherever it was ended', async () => {
    const sealed = (await opened()).seal(SETTINGS, 'dst_1')
    const before = readFileSync(join(directory, 'secrets.key'), 'utf8')
    // Killed when the former key had a second file, and the new one none.
    writeFileSync(join(directory, 'secrets.key.former'), before)
    expect(await beginRotation(directory)).toEqual({ isResumed: false })
    const after = readFileSync(join(directory, 'secrets.key'), 'utf8')
    expect(after).not.toBe(before)
    expect(await beginRotation(directory)).toEqual({ isResumed: true })
    expect(readFileSync(join(directory, 'secrets.key'), 'utf8')).toBe(after)
    const { secrets, isRotating } = await openSecrets({ dataDirectory: directory, key: undefined, previous: [] })
    expect(isRotating).toBe(true)
    const resealed = secrets.reseal(sealed, 'dst_1')
    expect(await endRotation(directory)).toBe(before)
    expect(readdirSync(directory)).toEqual(['secrets.key'])
    expect((await opened()).open(resealed, 'dst_1')).toEqual(SETTINGS)
    await expect((async () => (await opened()).open(sealed, 'dst_1'))()).rejects.toThrow('no key opens them')
    expect((await opened(undefined, [before])).open(sealed, 'dst_1')).toEqual(SETTINGS)
  })

  it('is not rotated where the environment gives one', async () => {
    const key = present.toString('base64')
    await expect(
      rotateSecrets({ ...readSettings(), DATA_DIR: directory, SECRETS_KEY: key }, () => undefined),
    ).rejects.toThrow(
      'SECRETS_KEY: the environment gives the key: put a new one there, name this one in SECRETS_KEY_PREVIOUS, and',
    )
    expect(readdirSync(directory)).toEqual([])
  })

  it('is not rotated where there is none', async () => {
    await expect(beginRotation(directory)).rejects.toThrow('SECRETS_KEY: there is no key in ')
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('a server that is started with another key', () => {
  const journal = new MemoryJournal<SpaceCommand>()
  const start = (secrets: Secrets): Promise<TestServer> =>
    startTestServer({ journal, delivery: { ...memoryDelivery(CONFIG.spaceId), secrets } })
  const shown = async (server: TestServer): Promise<unknown> => {
    const { body } = await server.control('GET', 'destinations')
    await server.stop()
    return (body['data'] as { destinations: { settings: object }[] }).destinations.map(({ settings }) => settings)
  }

  it('seals anew what it can open, and does not start beside what it cannot', async () => {
    const first = await start(new Secrets(former))
    const settings = { url: 'https://hook.example', ...SETTINGS }
    const { status } = await first.control('POST', 'destinations', { type: 'webhook', settings })
    expect(status).toBe(200)
    await first.stop()
    await expect(start(new Secrets(present))).rejects.toThrow(/^SECRETS_KEY: no key opens the secrets of dst_\w+ of /)
    const masked = [{ url: 'https://hook.example', sharedSecret: '••••••••' }]
    expect(await shown(await start(new Secrets(present, [former])))).toMatchObject(masked)
    const entries = journal.nextPosition
    expect(await shown(await start(new Secrets(present)))).toMatchObject(masked)
    expect(journal.nextPosition).toBe(entries)
    await expect(start(new Secrets(former))).rejects.toThrow('no key opens the secrets')
  })
})
