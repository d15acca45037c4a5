import type { AudienceAnswer } from '../api/answers.ts'
import { Page } from '../app/page.tsx'
import { AudienceHeading } from '../pages/audience/audience-heading.tsx'

export function DefinitionEditor({ audience }: { readonly audience?: AudienceAnswer }) {
  return (
    <Page title={audience?.name ?? 'New audience'} parent={{ to: '/', text: 'Audiences' }}>
      {audience ? <AudienceHeading audience={audience} tab="definition" /> : <h1>New audience</h1>}
      <pre className="audience-query">{audience?.definition.query}</pre>
    </Page>
  )
}
