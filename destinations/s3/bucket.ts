/** A bucket of an S3-compatible store. Requests are signed here, and sent by the HTTP client of destinations. */
import { createHash } from 'node:crypto'
import { AwsV4Signer } from 'aws4fetch'
import type { DestinationContext } from '../contract/destination.ts'
import { answerOutcome, redirectOutcome, takenOutcome } from './answer.ts'
import type { ObjectStoreSettings } from './settings.ts'

export interface PutObject {
  readonly name: string
  readonly contentType: string
  readonly body: Buffer
}

export class Bucket {
  readonly #settings: ObjectStoreSettings
  readonly #context: Pick<DestinationContext, 'http' | 'clock'>
  readonly #url: string

  constructor(settings: ObjectStoreSettings, context: Pick<DestinationContext, 'http' | 'clock'>) {
    this.#settings = settings
    this.#context = context
    this.#url = urlOf(settings)
  }

  /** Resolves when the store has the whole object, in place of one of its name. Rejects with a DeliveryError. */
  put({ name, contentType, body }: PutObject, signal: AbortSignal): Promise<void> {
    const md5 = createHash('md5').update(body).digest('base64')
    return this.#request('PUT', name, { headers: { 'Content-Type': contentType, 'Content-MD5': md5 }, body, signal })
  }

  /** Resolves when there is no such object. Rejects with a DeliveryError. */
  delete(name: string, signal: AbortSignal): Promise<void> {
    return this.#request('DELETE', name, { headers: {}, body: Buffer.alloc(0), signal })
  }

  async #request(
    method: 'PUT' | 'DELETE',
    name: string,
    { headers, body, signal }: { readonly headers: Record<string, string>; body: Buffer; signal: AbortSignal },
  ): Promise<void> {
    const { http, clock } = this.#context
    const signed = await this.#signed(method, name, { headers, body })
    const response = await http.request({ ...signed, method, body, signal }).catch((error: unknown) => {
      throw redirectOutcome(error)
    })
    const failure = answerOutcome(response, clock()) ?? (method === 'PUT' ? takenOutcome(response) : undefined)
    if (failure) throw failure
  }

  /** The signature is over the hash of the body, with which the store compares what it gets. */
  async #signed(method: string, name: string, { headers, body }: { headers: Record<string, string>; body: Buffer }) {
    const { accessKeyId, secretAccessKey, sessionToken, region } = this.#settings
    const sha256 = createHash('sha256').update(body).digest('hex')
    const signer = new AwsV4Signer({
      method,
      url: `${this.#url}${name}`,
      headers: { ...headers, 'X-Amz-Content-Sha256': sha256 },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      service: 's3',
      region,
      datetime: new Date(this.#context.clock()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    })
    const signed = await signer.sign()
    return { url: signed.url.href, headers: Object.fromEntries(signed.headers) }
  }
}

/** Returns the URL of the bucket, with a slash at its end. */
function urlOf({ bucket, region, endpoint, addressing }: ObjectStoreSettings): string {
  const host = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const url = new URL(endpoint ?? `https://s3.${region}.${host}`)
  const usual = endpoint !== undefined || bucket.includes('.') ? 'path' : 'virtual_host'
  const folder = url.pathname.replace(/\/*$/, '/')
  if ((addressing ?? usual) === 'path') return `${url.protocol}//${url.host}${folder}${bucket}/`
  return `${url.protocol}//${bucket}.${url.host}${folder}`
}
