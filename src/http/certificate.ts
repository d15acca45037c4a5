/**
 * The certificate of the server and its key, from two PEM files that somebody else renews, as certbot does.
 *
 * T1. A pair is used only if both files can be read, are PEM, and fit each other; otherwise the one before stays.
 * T2. A change is never missed: what tells the files apart is noted before they are read, so that a file that changes
 *     while it is read is read again.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { EngineError } from '../model/errors.ts'
import type { SetTimer } from '../model/timer.ts'

/** The files are looked at so often, ms: two calls of `stat`, which follows symbolic links. */
export const LOOK_MS = 10_000

export interface CertificateFiles {
  /** The certificate, and those that lead from it to one that clients trust. */
  readonly certificate: string
  readonly key: string
}

/** The contents of the files. */
export interface CertificatePair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** About a certificate, for the log. */
export interface CertificateView {
  /** Its SHA-256 digest, in hexadecimal. */
  readonly fingerprint: string
  readonly validTo: string
}

export interface CertificateOptions {
  readonly timer: SetTimer
  /** Called when another pair is in use. */
  readonly onRenewed: (view: CertificateView) => void
  /** Called once for each state of the files that cannot be used; the pair before stays in use. */
  readonly onRefused: (cause: EngineError) => void
}

export class Certificate {
  readonly #files: CertificateFiles
  readonly #options: CertificateOptions
  #pair: CertificatePair
  /** The state of the files that was last read, whatever came of it. */
  #stamp: string
  #use: (pair: CertificatePair) => void = () => undefined
  #cancel: () => void = () => undefined

  /** Reads the files, and looks for changes from now on. Throws an EngineError that names the setting at fault. */
  constructor(files: CertificateFiles, options: CertificateOptions) {
    this.#files = files
    this.#options = options
    this.#stamp = stampOf(files)
    this.#pair = readPair(files)
    this.#lookLater()
  }

  /** The pair in use. */
  get pair(): CertificatePair {
    return this.#pair
  }

  get view(): CertificateView {
    return viewOf(this.#pair)
  }

  /** Hands every later pair to a server, which is one at most. */
  follow(use: (pair: CertificatePair) => void): void {
    this.#use = use
  }

  /** Reads the files if they have changed since they were last read. Keeps T1 and T2. */
  look(): void {
    const stamp = stampOf(this.#files)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    this.#read()
  }

  /** Reads the files, whether they seem to have changed or not. */
  reload(): void {
    this.#stamp = stampOf(this.#files)
    this.#read()
  }

  /** Looks no more. */
  stop(): void {
    this.#cancel()
  }

  #read(): void {
    let pair: CertificatePair
    try {
      pair = readPair(this.#files)
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause
      this.#options.onRefused(cause)
      return
    }
    if (pair.cert.equals(this.#pair.cert) && pair.key.equals(this.#pair.key)) return
    this.#pair = pair
    this.#use(pair)
    this.#options.onRenewed(viewOf(pair))
  }

  #lookLater(): void {
    this.#cancel = this.#options.timer(() => {
      this.look()
      this.#lookLater()
    }, LOOK_MS)
  }
}

/** Tells states of the files apart, those of links too: `stat` gives what a link leads to. */
function stampOf({ certificate, key }: CertificateFiles): string {
  return [certificate, key].map(stampOfFile).join(', ')
}

function stampOfFile(path: string): string {
  try {
    const { dev, ino, mtimeNs, ctimeNs, size } = statSync(path, { bigint: true })
    return [dev, ino, mtimeNs, ctimeNs, size].join(' ')
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code ?? 'unknown'
  }
}

/** Keeps T1. */
function readPair({ certificate, key: keyFile }: CertificateFiles): CertificatePair {
  const cert = readFileOf('TLS_CERT', certificate)
  const key = readFileOf('TLS_KEY', keyFile)
  const leaf = parsed('TLS_CERT', 'a certificate in PEM', () => new X509Certificate(cert))
  const secret = parsed('TLS_KEY', 'a private key in PEM without a passphrase', () => createPrivateKey(key))
  // TLS alone would take a key of another kind than the certificate's, and fail every handshake.
  if (!leaf.checkPrivateKey(secret)) throw refused('TLS_KEY', 'expected the key of the certificate in TLS_CERT')
  parsed('TLS_CERT', 'a chain of certificates in PEM', () => createSecureContext({ cert, key }))
  return { cert, key }
}

function readFileOf(setting: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw refused(setting, `the file cannot be read: ${(cause as Error).message}`)
  }
}

function parsed<Value>(setting: string, expected: string, parse: () => Value): Value {
  try {
    return parse()
  } catch {
    throw refused(setting, `expected ${expected}`)
  }
}

function refused(setting: string, why: string): EngineError {
  return new EngineError('validation_error', `${setting}: ${why}`, setting)
}

function viewOf({ cert }: CertificatePair): CertificateView {
  const { fingerprint256: fingerprint, validTo } = new X509Certificate(cert)
  return { fingerprint, validTo }
}
