/**
 * The HTTP client of destinations: one request, one answer, no redirects.
 *
 * H1. Every failure of the world rejects with a DeliveryError, whose reason is one of a short list.
 * H2. An aborted signal ends a request at once, wherever it is: in a queue, connecting, or half answered.
 * H3. An answer takes no more memory than its bound, however much is sent.
 */
import type { IncomingHttpHeaders } from 'node:http'

export interface HttpRequest {
  readonly method: string
  /** http: or https:, without credentials. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent as it is. */
  readonly body?: string | Buffer
  readonly signal: AbortSignal
}

export interface HttpResponse {
  /** Never 3xx: a redirect is a TerminalError. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The whole body if the status is 2xx; of another answer, no more than the client's bound. */
  readonly body: Buffer
}

export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>
}
