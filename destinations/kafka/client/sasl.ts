/** Logs a connection in: by PLAIN, which shows the password to the broker, or by SCRAM (RFC 5802), which does not. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { RetryableError } from '../../contract/destination.ts'

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512'

export interface Credentials {
  readonly mechanism: SaslMechanism
  readonly username: string
  readonly password: string
}

/** Sends one message of the login, and resolves with the broker's. */
export type Exchange = (message: Buffer) => Promise<Buffer>

const NONCE_BYTES = 24
/** Brokers use 4096 to 16384; fewer would give the password away, and many more would hold up the process. */
const ITERATIONS = { min: 4_096, max: 1_000_000 }

const derive = promisify(pbkdf2)

/** Resolves once the broker has let us in. Rejects with a DeliveryError if either side does not trust the other. */
export async function login(credentials: Credentials, exchange: Exchange, nonce = newNonce()): Promise<void> {
  const { mechanism, username, password } = credentials
  if (mechanism === 'plain') await exchange(Buffer.from(`\0${username}\0${password}`))
  else await loginByScram(credentials, exchange, nonce)
}

async function loginByScram({ mechanism, username, password }: Credentials, exchange: Exchange, nonce: string) {
  const hash = mechanism === 'scram-sha-256' ? 'sha256' : 'sha512'
  const ours = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  const theirs = (await exchange(Buffer.from(`n,,${ours}`))).toString()
  const { r: bothNonces = '', s: salt = '', i: times } = attributesOf(theirs)
  const iterations = Number(times)
  const isIntact = bothNonces.startsWith(nonce) && bothNonces.length > nonce.length && salt !== ''
  if (!isIntact || !(iterations >= ITERATIONS.min && iterations <= ITERATIONS.max)) throw untrusted()
  const length = createHash(hash).digest().length
  const salted = await derive(password, Buffer.from(salt, 'base64'), iterations, length, hash)
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest()
  const clientKey = hmac(salted, 'Client Key')
  const withoutProof = `c=biws,r=${bothNonces}`
  const spoken = [ours, theirs, withoutProof].join(',')
  const signature = hmac(createHash(hash).update(clientKey).digest(), spoken)
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!))
  const last = await exchange(Buffer.from(`${withoutProof},p=${proof.toString('base64')}`))
  const verifier = Buffer.from(attributesOf(last.toString())['v'] ?? '', 'base64')
  const expected = hmac(hmac(salted, 'Server Key'), spoken)
  if (verifier.length !== expected.length || !timingSafeEqual(verifier, expected)) throw untrusted()
}

/** Reads `r=…,s=…,i=…`. A value may have `=` in it. */
function attributesOf(message: string): Partial<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
}

function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString('base64url')
}

function untrusted(): RetryableError {
  return new RetryableError('sasl_failed', 'The broker does not prove that it knows the password.')
}
