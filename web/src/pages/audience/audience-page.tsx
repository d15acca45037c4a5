import { Page } from '../../app/page.tsx'

export function AudiencePage() {
  return <Page title="AudiencePage">{null}</Page>
}
