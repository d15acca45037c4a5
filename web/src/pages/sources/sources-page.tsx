import { Page } from '../../app/page.tsx'

export function SourcesPage() {
  return <Page title="SourcesPage">{null}</Page>
}
