import { Page } from '../../app/page.tsx'

export function NewAudiencePage() {
  return <Page title="NewAudiencePage">{null}</Page>
}
