/** A collector of traces on the loopback, which takes OTLP as JSON. */
import { serve } from '../destinations/contract/loopback.ts'

export interface CollectedSpan {
  readonly name: string
  readonly traceId: string
  readonly parentSpanId?: string
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
  readonly status: { readonly code?: number }
}

interface ExportRequest {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[] }[]
}

/** To be called within a test. */
export async function startCollector() {
  const spans: CollectedSpan[] = []
  const paths: (string | undefined)[] = []
  const { url } = await serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      paths.push(request.url)
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as ExportRequest
      for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans)
      response.setHeader('Content-Type', 'application/json')
      response.end('{}')
    })
  })
  return { url, spans, paths, named: (name: string) => spans.filter((span) => span.name === name) }
}

/** The attributes of a span as an object. */
export function attributesOf({ attributes }: CollectedSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
