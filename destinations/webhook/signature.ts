/**
 * Proves to a receiver that a request comes from here, is whole and is new. The signatures are over the exact bytes
 * that are sent: that of the Standard Webhooks, and the one that receivers of Segment's webhooks know.
 */
import { createHmac } from 'node:crypto'

export interface SignedRequest {
  /** The same whenever the same calls are sent. */
  readonly id: string
  /** Epoch seconds. */
  readonly timestamp: number
  readonly body: Buffer
}

/** `secrets`: none, or the newer first. Each signs; the older way has room for the first only. */
export function signatureHeaders(request: SignedRequest, secrets: readonly string[]): Record<string, string> {
  const headers = { 'Webhook-Id': request.id, 'Webhook-Timestamp': String(request.timestamp) }
  const [newest] = secrets
  if (newest === undefined) return headers
  return {
    ...headers,
    'Webhook-Signature': secrets.map((secret) => `v1,${signature(request, secret).toString('base64')}`).join(' '),
    'X-Signature': createHmac('sha1', newest).update(request.body).digest('hex'),
  }
}

export function signature({ id, timestamp, body }: SignedRequest, secret: string): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest()
}
