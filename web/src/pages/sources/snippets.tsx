/** Snippets that send calls to a source: by a browser, by Node, and by hand. */
import { useState } from 'react'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Segmented } from '../../parts/segmented.tsx'

type Client = 'browser' | 'node' | 'curl'

const CLIENTS = [
  { id: 'browser', text: 'Browser' },
  { id: 'node', text: 'Node' },
  { id: 'curl', text: 'curl' },
] as const

export function Snippets({ writeKey }: { readonly writeKey: string }) {
  const [client, choose] = useState<Client>('browser')
  const text = snippetOf(client, { writeKey, origin: location.origin })
  return (
    <div>
      <div className="row">
        <Segmented label="Client" choices={CLIENTS} value={client} onChange={choose} />
        <span className="grow" />
        <CopyButton text={text} label="Copy" />
      </div>
      <pre className="code scrolls" tabIndex={0} aria-label="Snippet">
        {text}
      </pre>
    </div>
  )
}

interface Place {
  readonly writeKey: string
  readonly origin: string
}

export function snippetOf(client: Client, { writeKey, origin }: Place): string {
  if (client === 'curl')
    return `curl ${origin}/v1/track -u ${writeKey}: -H 'Content-Type: application/json' \\
  -d '{"userId": "u1", "event": "Order Completed", "properties": {"revenue": 120}}'`
  if (client === 'node')
    return `import { Analytics } from '@segment/analytics-node'

const analytics = new Analytics({ writeKey: '${writeKey}', host: '${origin}' })
analytics.track({ userId: 'u1', event: 'Order Completed', properties: { revenue: 120 } })`
  return `<script>
  !(function () {
    var analytics = (window.analytics = window.analytics || [])
    if (analytics.initialize || analytics.invoked) return
    analytics.invoked = true
    analytics.methods = ['track', 'identify', 'page', 'group', 'alias', 'reset', 'ready', 'on', 'once', 'off']
    analytics.methods.forEach(function (name) {
      analytics[name] = function () {
        analytics.push([name].concat(Array.prototype.slice.call(arguments)))
        return analytics
      }
    })
    analytics._writeKey = '${writeKey}'
    analytics._cdn = '${origin}'
    var script = document.createElement('script')
    script.async = true
    script.src = '${origin}/analytics.js/v1/${writeKey}/analytics.min.js'
    document.head.appendChild(script)
    analytics.page()
  })()
</script>`
}
