/** The certificate of the server while somebody renews its files: time is virtual, the files and sockets are real. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Certificate, type CertificateFiles, LOOK_MS } from '../../src/http/certificate.ts'
import { type HttpServer, listen } from '../../src/http/server.ts'
import type { EngineError } from '../../src/model/errors.ts'
import { type MadeCertificate, makeCertificate, shownAt } from '../support/certificates.ts'
import { VirtualTime } from '../support/server.ts'

let [first, second, rsa]: MadeCertificate[] = []
beforeAll(async () => {
  ;[first, second, rsa] = await Promise.all([makeCertificate(), makeCertificate(), makeCertificate('rsa')])
})

let folder = ''
let files: CertificateFiles
let time: VirtualTime
let told: string[]
let meanwhile: () => void
let certificate: Certificate | undefined
let http: HttpServer | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-certificate-'))
  files = { certificate: join(folder, 'fullchain.pem'), key: join(folder, 'privkey.pem') }
  time = new VirtualTime(0)
  told = []
  meanwhile = () => undefined
})

afterEach(async () => {
  certificate?.stop()
  await http?.close()
  http = undefined
  rmSync(folder, { recursive: true, force: true })
})

function put({ cert, key }: { readonly cert: string; readonly key: string }): void {
  writeFileSync(files.certificate, cert)
  writeFileSync(files.key, key)
}

function open(): Certificate {
  certificate = new Certificate(files, {
    timer: time.timer,
    onRenewed: ({ fingerprint }) => {
      told.push(fingerprint)
      meanwhile()
    },
    onRefused: ({ message }) => {
      told.push(message)
      meanwhile()
    },
  })
  return certificate
}

function lookAgain(): void {
  time.moveTo(time.now + LOOK_MS)
}

function refusal(): Partial<EngineError> {
  try {
    open()
  } catch (error) {
    return error as EngineError
  }
  return {}
}

async function serve(): Promise<string> {
  const app = express().get('/', (_request, response) => void response.send('here'))
  http = await listen({ app }, { host: '127.0.0.1', port: 0, certificate: open() })
  return http.url
}

describe('a server with a certificate', () => {
  it('speaks HTTPS by it, TLS 1.2 or newer', async () => {
    put(first!)
    const url = await serve()
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const status = new Promise((resolve, reject) => {
      get(url, { ca: first!.cert, servername: 'localhost' }, (response) => {
        resolve(response.statusCode)
        response.resume()
      }).on('error', reject)
    })
    expect(await status).toBe(200)
    expect(await shownAt(url, 'TLSv1.2')).toBe(first!.fingerprint)
    await expect(shownAt(url, 'TLSv1.1')).rejects.toThrow(/protocol version/)
  })

  it('shows to new connections the pair that links lead to since it last looked', async () => {
    for (const [name, made] of Object.entries({ one: first!, two: second! })) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'cert'), made.cert)
      writeFileSync(join(folder, name, 'key'), made.key)
    }
    symlinkSync('one/cert', files.certificate)
    symlinkSync('one/key', files.key)
    const url = await serve()
    for (const [path, target] of [
      [files.certificate, 'two/cert'],
      [files.key, 'two/key'],
    ] as const) {
      symlinkSync(target, `${path}.new`)
      renameSync(`${path}.new`, path)
    }
    time.moveTo(LOOK_MS - 1)
    expect(await shownAt(url)).toBe(first!.fingerprint)
    time.moveTo(LOOK_MS)
    expect(await shownAt(url)).toBe(second!.fingerprint)
    await expect(shownAt(url, 'TLSv1.1')).rejects.toThrow(/protocol version/)
    expect(told).toEqual([second!.fingerprint])
  })
})

describe('files that change', () => {
  it('one after the other are used once both have: until then the pair before stays, and that is said once', () => {
    put(first!)
    const { pair } = open()
    writeFileSync(files.certificate, second!.cert)
    for (let times = 0; times < 3; times++) lookAgain()
    expect(told).toEqual(['TLS_KEY: expected the key of the certificate in TLS_CERT'])
    expect(certificate!.pair).toBe(pair)
    writeFileSync(files.key, second!.key)
    lookAgain()
    expect(told.slice(1)).toEqual([second!.fingerprint])
    expect(certificate!.pair.key.toString()).toBe(second!.key)
  })

  it('while they are read are read again', () => {
    put(first!)
    open()
    meanwhile = () => {
      meanwhile = () => undefined
      put(second!)
    }
    rmSync(files.key)
    lookAgain()
    expect(told).toEqual([expect.stringMatching(/^TLS_KEY: the file cannot be read: ENOENT/)])
    lookAgain()
    expect(told.slice(1)).toEqual([second!.fingerprint])
  })

  it('to what they were are no renewal, nor are files that stay', () => {
    put(first!)
    open()
    lookAgain()
    put(first!)
    lookAgain()
    expect(told).toEqual([])
  })

  it('are read when that is asked for, and a refusal is said each time', () => {
    put(first!)
    const opened = open()
    writeFileSync(files.key, 'no key')
    opened.reload()
    opened.reload()
    const refused = 'TLS_KEY: expected a private key in PEM without a passphrase'
    expect(told).toEqual([refused, refused])
    lookAgain()
    expect(told).toHaveLength(2)
    put(second!)
    opened.reload()
    expect(told.slice(2)).toEqual([second!.fingerprint])
  })

  it('are not looked at any more after the end', () => {
    put(first!)
    open().stop()
    put(second!)
    lookAgain()
    expect([told, time.timers.size]).toEqual([[], 0])
  })
})

describe('at the start', () => {
  it.each([
    ['a key that is another’s', () => ({ cert: first!.cert, key: second!.key }), 'TLS_KEY: expected the key of'],
    ['a key of another kind', () => ({ cert: first!.cert, key: rsa!.key }), 'TLS_KEY: expected the key of'],
    ['no key', () => ({ cert: first!.cert, key: first!.cert }), 'TLS_KEY: expected a private key in PEM'],
    ['no certificate', () => ({ cert: first!.key, key: first!.key }), 'TLS_CERT: expected a certificate in PEM'],
  ])('%s is refused', (_name, made, message) => {
    put(made())
    expect(refusal()).toMatchObject({
      code: 'validation_error',
      field: message.slice(0, message.indexOf(':')),
      message: expect.stringContaining(message) as string,
    })
    expect(time.timers.size).toBe(0)
  })

  it('a file that is not there is refused', () => {
    put(first!)
    rmSync(files.certificate)
    expect(refusal()).toMatchObject({ field: 'TLS_CERT', message: expect.stringContaining('ENOENT') as string })
  })
})
