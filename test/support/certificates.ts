/** Certificates that are made for a test, as PEM: for `localhost` and 127.0.0.1, signed by themselves. */
import { X509Certificate } from 'node:crypto'
import { connect, type SecureVersion } from 'node:tls'
import { generate } from 'selfsigned'

export interface MadeCertificate {
  readonly cert: string
  readonly key: string
  readonly fingerprint: string
}

export async function makeCertificate(keyType: 'ec' | 'rsa' = 'ec'): Promise<MadeCertificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType })
  return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256 }
}

/** Resolves with the fingerprint that a server shows to a new connection; rejects if there is no handshake. */
export async function shownAt(url: string, maxVersion: SecureVersion = 'TLSv1.3'): Promise<string> {
  const { hostname: host, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port),
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      maxVersion,
      // Without this, OpenSSL would not even offer what is older than 1.2.
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    socket.on('error', reject)
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
  })
}
