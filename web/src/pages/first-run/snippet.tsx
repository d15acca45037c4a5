/** The lines that send a first call, by a client that one may have already. */
import type { ReactNode } from 'react'

export type Client = 'browser' | 'node' | 'curl'

export interface Place {
  readonly writeKey: string
  readonly origin: string
}

/** Marks of a snippet's parts: a string, a number. */
const MARKED = /('[^']*'|\b\d+\b)/

export function snippetOf(client: Client, { writeKey, origin }: Place): string {
  if (client === 'curl')
    return `curl ${origin}/v1/track -u ${writeKey}: \\
  -d '{"userId": "u1", "event": "Order Completed", "properties": {"revenue": 120}}'`
  if (client === 'node')
    return `import { Analytics } from '@segment/analytics-node'
const analytics = new Analytics({
  writeKey: '${writeKey}',
  host: '${origin}'
})
analytics.track({ userId: 'u1', event: 'Order Completed', properties: { revenue: 120 } })`
  return `import { AnalyticsBrowser } from '@segment/analytics-next'
const analytics = AnalyticsBrowser.load({
  writeKey: '${writeKey}',
  cdnURL: '${origin}'
})
analytics.track('Order Completed', { revenue: 120 })`
}

export function Snippet({ client, place }: { readonly client: Client; readonly place: Place }) {
  return (
    <pre className="code snippet" tabIndex={0} role="region" aria-label="Snippet">
      {marked(snippetOf(client, place))}
    </pre>
  )
}

/** Gives strings and numbers their colours. */
function marked(text: string): ReactNode[] {
  return text.split(MARKED).map((part, index) => {
    if (index % 2 === 0) return part
    return (
      <span key={index} className={part.startsWith("'") ? 'str' : 'nu'}>
        {part}
      </span>
    )
  })
}
