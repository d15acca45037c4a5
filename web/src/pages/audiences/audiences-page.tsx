import { Page } from '../../app/page.tsx'

export function AudiencesPage() {
  return <Page title="AudiencesPage">{null}</Page>
}
